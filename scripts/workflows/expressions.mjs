// The part of GitHub's expressions that the workflows use: names, `||` and a few conditions.

/** Contexts whose values come from GitHub or from steps that did not run. */
const ELSEWHERE = ["vars", "secrets", "steps", "inputs"];

/**
 * Replaces the expressions in a text.
 * @returns {{ value: unknown, missing: string[] }} a single expression keeps its type; `missing`: names without a value here
 */
export function evaluated(text, contexts) {
  if (typeof text !== "string") return { value: text, missing: [] };
  const missing = [];
  const one = (expression) => {
    for (const name of expression.split("||").map((part) => part.trim())) {
      if (ELSEWHERE.includes(name.split(".")[0])) missing.push(name);
      const value = name.split(".").reduce((object, key) => object?.[key], contexts);
      if (value !== undefined && value !== "") return value;
    }
    return "";
  };
  const [whole, alone] = /^\s*\$\{\{([^}]*)\}\}\s*$/.exec(text) ?? [];
  if (whole) return { value: one(alone), missing };
  return { value: text.replace(/\$\{\{([^}]*)\}\}/g, (_, expression) => String(one(expression))), missing };
}

/** True if a step with this condition runs after successful steps. */
export function isTrue(condition) {
  return ["!cancelled()", "always()", "success()"].includes(
    String(condition)
      .replace(/^\$\{\{|\}\}$/g, "")
      .trim(),
  );
}
