// The part of GitHub's expressions that the workflows use: names, `||` and a few conditions.

/** Contexts that only GitHub and steps that were not run could fill. */
const ELSEWHERE = ["vars", "secrets", "steps", "inputs"];

/**
 * A text with its expressions replaced.
 * @returns {{ value: unknown, missing: string[] }} a lone expression keeps its type; `missing`: names with no value here
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

/** Whether a step with this condition is run after steps that went well. */
export function isTrue(condition) {
  return ["!cancelled()", "always()", "success()"].includes(
    String(condition)
      .replace(/^\$\{\{|\}\}$/g, "")
      .trim(),
  );
}
