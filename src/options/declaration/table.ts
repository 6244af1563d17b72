/** @module Options as tables for the docs, and as JSON schema for editors. */
import * as z from "zod";
import { groupBy } from "../../collections/index";
import { markdownTable } from "../../format/index";
import { optionsOfSchema } from "./check";
import { type DeclaredOption, flagName, innerSchema, type Kind, type OptionsSchema, rangeOf } from "./option";

/** Markdown tables of the options, one per group. @param flags false for keys of a file, which have no flags */
export function optionsTable(schema: OptionsSchema, { flags = true }: { readonly flags?: boolean } = {}): string {
  const shown = (cells: readonly string[]) => cells.filter((_, i) => flags || i !== 1);
  const head = shown(["name", "flag", "takes", "default", "what it does"]);
  const groups = groupBy(flattened(schema), ({ group = "" }) => group);
  return [...groups]
    .flatMap(([heading, options]) => [
      ...(heading ? [`### ${heading}`] : []),
      markdownTable(
        head,
        options.map((option) => shown(cellsOf(option))),
      ),
    ])
    .join("\n\n");
}

/** The JSON schema (2020-12) of some options. */
export function optionsJsonSchema(schema: OptionsSchema): object {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}

function flattened(schema: OptionsSchema, prefix = ""): DeclaredOption[] {
  return optionsOfSchema(schema).flatMap((declared) => {
    const inner = innerSchema(declared);
    if (inner) return flattened(inner, `${prefix}${declared.name}.`);
    return declared.hidden ? [] : [{ ...declared, flag: flagName(declared), name: `${prefix}${declared.name}` }];
  });
}

function cellsOf(option: DeclaredOption): string[] {
  const { name, flag, short, value, kind, usual, initial, help, environment, negation } = option;
  const shown = Array.isArray(initial) ? initial.join(",") : initial === "" ? undefined : initial;
  // Of a switch that turns something off, the flag and its help say the opposite of the option's value.
  const isOff = flag?.toString().startsWith("no-");
  return [
    `\`${name}\``,
    [
      ...(short ? [`-${short}`] : []),
      ...(flag ? [`--${flag}${value ? ` ${value}` : ""}`] : []),
      ...(negation ? [`--no-${flag}`] : []),
      ...(environment ? [environment] : []),
    ]
      .map((given) => `\`${given}\``)
      .join(" or "),
    isOff ? "" : takes(kind),
    usual ?? (shown === undefined || isOff ? "" : `\`${shown}\``),
    help,
  ];
}

function takes(kind: Kind): string {
  const { type, words, items, word } = kind;
  if (words) return words.map((one) => `\`${one}\``).join(", ");
  if (items) return `list: ${takes(items)}`;
  if (type === "boolean") return "true, false";
  if (type !== "integer" && type !== "number") return type === "string" ? "text" : "JSON object";
  const what = [type === "integer" ? "whole number" : "number", rangeOf(kind)].filter(Boolean).join(" ");
  return word === undefined ? what : `${what}, \`${word}\``;
}
