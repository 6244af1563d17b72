/** @module Declarations of options: a zod schema gives type, default and check, {@link option} help text and flag. */
import * as z from "zod";

/** The properties of an option besides its schema. */
interface OptionInfo {
  /** Help text in one line; begins with a verb or names the thing. */
  readonly help: string;
  /** Heading under which `--help` and the docs list it. */
  readonly group?: string;
  /** Name of the flag's value: `n`, `[file]` if optional, `path...` for several; absent for a switch. */
  readonly value?: string;
  /** Name of the flag without `--` if it differs from the option's; false if there is no flag. */
  readonly flag?: string | false;
  /** The default in words. */
  readonly usual?: string;
  /** The option's name in earlier versions, which is still accepted. */
  readonly formerly?: string;
  /** False if all trials of a search share the value. */
  readonly searched?: boolean;
  /** Environment variable with the value if the flag is not given. */
  readonly environment?: string;
  /** One-letter flag, without `-`. */
  readonly short?: string;
  /** Of a list: the flag may be given several times. Each value is split at commas, or kept `whole`. */
  readonly repeats?: boolean | "whole";
  /** Rule for messages, such as `be an e-mail address`, if the schema cannot tell it. */
  readonly rule?: string;
  /** Help text of `--no-FLAG`, which overrides {@link environment}. */
  readonly negation?: string;
  /** Accepted but not listed: for programs that start others. */
  readonly hidden?: boolean;
}

/** An object of options, by name. */
export type OptionsSchema = z.ZodObject<z.core.$ZodLooseShape>;

const known = z.registry<OptionInfo>();

/** Declares an option. @param schema with its default, if it has one */
export function option<S extends z.ZodType>(schema: S, help: string, more: Omit<OptionInfo, "help"> = {}): S {
  const described = schema.describe(help);
  known.add(described, { ...more, help });
  return described;
}

/** Puts options under a heading. */
export function group<T extends z.ZodRawShape>(heading: string, shape: T): T {
  for (const schema of Object.values(shape)) {
    const info = known.get(schema as z.ZodType);
    if (info) known.add(schema as z.ZodType, { ...info, group: heading });
  }
  return shape;
}

/** Whole numbers from `low` to `high`. */
export const whole = (low: number, high = Number.MAX_SAFE_INTEGER) => z.int().min(low).max(high);
/** Numbers from `low` to `high`. */
export const between = (low: number, high: number) => z.number().min(low).max(high);

export interface DeclaredOption extends OptionInfo {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly kind: Kind;
  /** The default; undefined if there is none. */
  readonly initial: unknown;
  readonly required: boolean;
}

/** The values of an option, from its JSON schema. */
export interface Kind {
  readonly type: "string" | "number" | "integer" | "boolean" | "array" | "object";
  readonly low?: number;
  /** Whether `low` itself is excluded. */
  readonly above?: boolean;
  readonly high?: number;
  readonly words?: readonly string[];
  /** Of an array. */
  readonly items?: Kind;
  /** A word in place of a number, such as `auto`. */
  readonly word?: string;
}

/** The options of a schema, in the order of their declaration. */
export function declaredOptions(schema: OptionsSchema): DeclaredOption[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return Object.entries(schema.shape).map(([name, field]) => {
    const own = field as z.ZodType;
    const info = known.get(own);
    if (!info) throw new TypeError(`The option ${name} is declared without a help text.`);
    const json = properties[name] as JsonSchema;
    const required = !own.safeParse(undefined).success;
    return { ...info, name, schema: own, kind: kindOf(json), initial: json.default, required };
  });
}

export function innerSchema({ schema }: DeclaredOption): OptionsSchema | undefined {
  const inner = schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject ? inner : undefined;
}

/** Name of an option's flag without `--`; false if it has none. */
export function flagName({ name, flag }: Pick<DeclaredOption, "name" | "flag">): string | false {
  return flag ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The used part of a JSON schema. */
interface JsonSchema {
  readonly type?: Kind["type"];
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly const?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

function kindOf(schema: JsonSchema): Kind {
  const { type = "string", enum: words, minimum, exclusiveMinimum, maximum, items, anyOf } = schema;
  if (anyOf) {
    const [main = {}, other] = anyOf;
    return { ...kindOf(main), ...(other?.const !== undefined && { word: other.const }) };
  }
  const low = exclusiveMinimum ?? minimum;
  return {
    type,
    ...(words && { words: words.map(String) }),
    ...(low !== undefined && { low, above: exclusiveMinimum !== undefined }),
    ...(maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && { high: maximum }),
    ...(items && { items: kindOf(items) }),
  };
}

/** Rule for an accepted value, such as `be a whole number from 1 to 100`. */
export function ruleOf(kind: Kind): string {
  const { type, words, items, word } = kind;
  const orWord = word === undefined ? "" : `, or be ${word}`;
  if (words) return `be one of ${words.join(", ")}`;
  if (type === "boolean") return "be true or false";
  if (type === "object") return "be an object";
  if (type === "string") return "be a text";
  const range = rangeOf(items ?? kind);
  if (items) return `be ${items.type === "integer" ? "whole numbers" : "numbers"}${range && ` ${range}`}`;
  if (type === "integer") return `be a whole number${range && ` ${range}`}${orWord}`;
  return range ? `lie ${range}${orWord}` : `be a number${orWord}`;
}

/** Such as `from 1 to 100`; empty if there are no bounds. */
export function rangeOf({ low, above, high }: Kind): string {
  return [
    ...(low !== undefined && low > Number.MIN_SAFE_INTEGER ? [above ? `above ${low}` : `from ${low}`] : []),
    ...(high !== undefined ? [above ? `and up to ${high}` : `to ${high}`] : []),
  ].join(" ");
}
