/** @module Checks given options against their declarations. Messages name the option and its allowed values. */
import type * as z from "zod";
import { InputError } from "../../errors/index";
import { type DeclaredOption, declaredOptions, innerSchema, type OptionsSchema, ruleOf } from "./option";

/** The entries whose values are defined. */
export function definedOnly<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Renames options that are given by their names of earlier versions. */
export function presentNames(schema: OptionsSchema, given: object): Record<string, unknown> {
  const names = new Map(optionsOfSchema(schema).flatMap(({ name, formerly }) => (formerly ? [[formerly, name]] : [])));
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [names.get(name) ?? name, value]));
}

/** Adds the defaults and checks every value. @param what an option's name in messages @throws {InputError} `OPTION_...` */
export function checkOptions<S extends OptionsSchema>(schema: S, given: object, what: string): z.output<S> {
  const result = schema.safeParse(presentNames(schema, definedOnly(given)));
  if (result.success) return result.data as z.output<S>;
  const [issue] = result.error.issues as [z.core.$ZodIssue];
  const { name, declared, value, known } = locate(schema, issue.path, presentNames(schema, given));
  if (issue.code === "unrecognized_keys" || !declared) {
    const unknown = [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])].join(".");
    const names = known.map((one) => one.name).join(", ");
    throw new InputError("OPTION_UNKNOWN", `There is no ${what} ${unknown}. Known: ${names}.`);
  }
  throw refusal({ ...declared, name }, value, what);
}

interface Located {
  /** With the names of its outer options. */
  readonly name: string;
  readonly declared?: DeclaredOption;
  readonly value: unknown;
  /** The options of the innermost object on the path. */
  readonly known: readonly DeclaredOption[];
}

/** Finds the option at the path of an issue, and its value. */
function locate(schema: OptionsSchema, path: readonly PropertyKey[], value: unknown, outer = ""): Located {
  const known = optionsOfSchema(schema);
  const declared = known.find((one) => one.name === path[0]);
  if (!declared) return { name: outer, value, known };
  const name = `${outer}${declared.name}`;
  const own = (value as Readonly<Record<string, unknown>> | undefined)?.[declared.name];
  const inner = innerSchema(declared);
  if (!inner || typeof own !== "object" || own === null) return { name, declared, value: own, known };
  const within = locate(inner, path.slice(1), own, `${name}.`);
  return within.declared || path.length > 1 ? within : { name, declared, value: own, known: within.known };
}

function refusal({ name, kind, initial, rule }: DeclaredOption, value: unknown, what: string): InputError {
  if (rule) return new InputError("OPTION_RANGE", `The ${what} ${name} must ${rule}.`);
  if (!isOfType(value, kind.type) && !(kind.word !== undefined && typeof value === "string")) {
    const like = initial === undefined ? ruleOf(kind) : `be like ${JSON.stringify(initial)}`;
    return new InputError("OPTION_TYPE", `The ${what} ${name} must ${like}.`);
  }
  return new InputError("OPTION_RANGE", `The ${what} ${name} must ${ruleOf(kind)}, not ${value}.`);
}

function isOfType(value: unknown, type: DeclaredOption["kind"]["type"]): boolean {
  if (type === "array") return Array.isArray(value);
  return typeof value === (type === "integer" ? "number" : type) && !Array.isArray(value);
}

const described = new WeakMap<OptionsSchema, DeclaredOption[]>();

/** The declared options of a schema; keeps them for the next call. */
export function optionsOfSchema(schema: OptionsSchema): readonly DeclaredOption[] {
  const before = described.get(schema);
  if (before) return before;
  const options = declaredOptions(schema);
  described.set(schema, options);
  return options;
}
