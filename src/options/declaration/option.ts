/**
 * @module One option, declared once: a zod schema gives its type, default and check, and {@link option} adds what people
 * read. The command line, the search space, the docs and the JSON schema are all made of these declarations.
 */
import * as z from "zod";

/** What an option has beside its schema. */
interface OptionInfo {
  /** Says in one line what the option does; begins with a verb or names the thing. */
  readonly help: string;
  /** Heading under which `--help` and the docs list it. */
  readonly group?: string;
  /** What the flag's value is called: `n`, `[file]` where it may be left out, `path...` for several; absent for a switch. */
  readonly value?: string;
  /** Name of the flag without `--` where it is not the option's own; false where there is no flag. */
  readonly flag?: string | false;
  /** What takes the place of an absent value, in words. */
  readonly usual?: string;
  /** The option's name in earlier versions, still understood. */
  readonly formerly?: string;
  /** False: the same for all trials of a search. */
  readonly searched?: boolean;
  /** Environment variable that gives the value where the flag does not. */
  readonly environment?: string;
  /** One-letter flag, without `-`. */
  readonly short?: string;
  /** Of a list: the flag may be given several times. Each value is split at commas, or kept `whole`. */
  readonly repeats?: boolean | "whole";
  /** What a value must do, such as `be an e-mail address`, where its schema does not say it. */
  readonly rule?: string;
  /** What `--no-FLAG` does: it stands against the variable of {@link environment}. */
  readonly negation?: string;
  /** Understood, but not listed: for programs that start programs. */
  readonly hidden?: boolean;
}

/** An object of options, by name. */
export type OptionsSchema = z.ZodObject<z.core.$ZodLooseShape>;

const known = z.registry<OptionInfo>();

/** Declares an option. @param schema with its default, where it has one */
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

/** An option as programs see it. */
export interface DeclaredOption extends OptionInfo {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly kind: Kind;
  /** Undefined where the option has none. */
  readonly initial: unknown;
  readonly required: boolean;
}

/** What values an option takes, from its JSON schema. */
export interface Kind {
  readonly type: "string" | "number" | "integer" | "boolean" | "array" | "object";
  readonly low?: number;
  /** `low` itself is too small. */
  readonly above?: boolean;
  readonly high?: number;
  readonly words?: readonly string[];
  /** Of an array. */
  readonly items?: Kind;
  /** A word that stands for a number, such as `auto`. */
  readonly word?: string;
}

/** The options of a schema, in the order of their declaration. */
export function declaredOptions(schema: OptionsSchema): DeclaredOption[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const own = field as z.ZodType;
    const info = known.get(own);
    if (!info) throw new TypeError(`The option ${name} is declared without a help text.`);
    const json = z.toJSONSchema(own, { io: "input", unrepresentable: "any" }) as JsonSchema;
    const required = !own.safeParse(undefined).success;
    return { ...info, name, schema: own, kind: kindOf(json), initial: json.default, required };
  });
}

/** The schema of the options inside an option. */
export function innerSchema({ schema }: DeclaredOption): OptionsSchema | undefined {
  const inner = schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject ? inner : undefined;
}

/** Name of an option's flag without `--`; false where it has none. */
export function flagName({ name, flag }: Pick<DeclaredOption, "name" | "flag">): string | false {
  return flag ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What is read here of a JSON schema. */
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

/** What a value must do to be accepted, such as `be a whole number from 1 to 100`. */
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

/** Such as `from 1 to 100`; empty where there are no bounds. */
export function rangeOf({ low, above, high }: Kind): string {
  return [
    ...(low !== undefined && low > Number.MIN_SAFE_INTEGER ? [above ? `above ${low}` : `from ${low}`] : []),
    ...(high !== undefined ? [above ? `and up to ${high}` : `to ${high}`] : []),
  ].join(" ");
}
