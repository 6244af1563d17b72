/** @module Settings files of `NAME=value` lines. */
import { readFileSync } from "node:fs";

/** The values of a file; `${NAME}` in them is replaced from `variables`. */
export function readEnvFile(path: string, variables: Readonly<Record<string, string>> = {}): Record<string, string> {
  const lines = readFileSync(path, "utf8").matchAll(/^([A-Z0-9_]+)=(.*)$/gm);
  return Object.fromEntries(
    [...lines].map(([, name = "", value = ""]) => {
      const text = value.replace(/\$\{(\w+)\}/g, (_, variable: string) => {
        const replacement = variables[variable];
        if (replacement === undefined) throw new Error(`${path} needs ${variable}`);
        return replacement;
      });
      return [name, text];
    }),
  );
}
