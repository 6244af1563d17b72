/**
 * @module Parameters of a notebook by papermill's convention: a cell tagged `parameters` declares them with default values
 * (`let epochs = 5;`), and a cell tagged `injected-parameters` after it sets other values.
 */
import { InputError } from "../errors/index";
import { parseDecimal } from "../files/index";
import { type Cell, codeCell, hasTag, type Notebook, textOf } from "./document";

export interface ParameterDeclaration {
  readonly name: string;
  /** The declared type, or that of the default value; undefined if unknown. */
  readonly type: string | undefined;
  /** Its default value as source text. */
  readonly defaultValue: string;
  /** Declared with `const`: it takes no other value. */
  readonly isConstant: boolean;
}

/** The parameters of a notebook, one per line of its cell tagged `parameters`. */
export function declaredParameters(notebook: Notebook): ParameterDeclaration[] {
  const cell = notebook.cells.find((candidate) => hasTag(candidate, "parameters"));
  if (!cell) return [];
  const declaration = /^(let|var|const)\s+([A-Za-z_$][\w$]*)\s*(?::\s*([^=]+?))?\s*=\s*(.+?);?\s*(?:\/\/.*)?$/gm;
  return [...textOf(cell.source).matchAll(declaration)].map(([, word, name = "", type, defaultValue = ""]) => ({
    name,
    type: type ?? typeOfLiteral(defaultValue),
    defaultValue,
    isConstant: word === "const",
  }));
}

function typeOfLiteral(source: string): string | undefined {
  if (/^-?[\d.][\d._]*(e[+-]?\d+)?$/i.test(source)) return "number";
  if (/^["'`]/.test(source)) return "string";
  return source === "true" || source === "false" ? "boolean" : undefined;
}

/**
 * Parses `name=value` texts by the notebook's declarations. A string parameter takes the text, a number any decimal (`8`,
 * `.001`); any other parameter takes JSON (`true`, `[64,32]`), or the text if it is not JSON.
 * @throws {InputError} `NOTEBOOK_PARAMETER` for a text without `=`, an unknown or constant name, or a value of the wrong type
 */
export function parseParameters(texts: readonly string[], notebook: Notebook): Record<string, unknown> {
  const declared = new Map(declaredParameters(notebook).map((parameter) => [parameter.name, parameter]));
  const values: Record<string, unknown> = {};
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw new InputError("NOTEBOOK_PARAMETER", `-p ${text}: write it as name=value.`);
    const name = text.slice(0, at);
    const parameter = declared.get(name);
    if (!parameter) {
      const known =
        declared.size > 0 ? `it has ${[...declared.keys()].join(", ")}` : "it has no cell tagged `parameters`";
      throw new InputError("NOTEBOOK_PARAMETER", `-p ${text}: the notebook has no parameter ${name}; ${known}.`);
    }
    if (parameter.isConstant) {
      const message = `-p ${text}: the notebook declares ${name} with const; declare it with let to give it other values.`;
      throw new InputError("NOTEBOOK_PARAMETER", message);
    }
    values[name] = parseValue(text.slice(at + 1), parameter, text);
  }
  return values;
}

function parseValue(text: string, { name, type, defaultValue }: ParameterDeclaration, option: string): unknown {
  if (type === "string") return text;
  const decimal = parseDecimal(text);
  if (type === "number" && !Number.isNaN(decimal)) return decimal; // also `.001`, which is no JSON
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Keeps the text.
  }
  if ((type === "number" || type === "boolean") && typeof value !== type) {
    throw new InputError("NOTEBOOK_PARAMETER", `-p ${option}: ${name} must be a ${type} (default ${defaultValue}).`);
  }
  return value;
}

/**
 * Replaces injected cells by a new one after the cell tagged `parameters`. It assigns the values instead of declaring
 * them again, so that they are checked against the declared types.
 */
export function injectParameters(cells: readonly Cell[], parameters: Readonly<Record<string, unknown>>): Cell[] {
  const kept = cells.filter((cell) => !hasTag(cell, "injected-parameters"));
  const names = Object.keys(parameters);
  if (names.length === 0) return kept;
  // A block, because a notebook prints the value of a last expression.
  const assignments = names.map((name) => `  ${name} = ${JSON.stringify(parameters[name])};`);
  const code = ["{ // Parameters", ...assignments, "}"].join("\n");
  kept.splice(
    kept.findIndex((cell) => hasTag(cell, "parameters")) + 1,
    0,
    codeCell("injected-parameters", code, ["injected-parameters"]),
  );
  return kept;
}
