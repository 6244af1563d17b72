/** @module Command-line flags for declared options, and the option values given with them. */
import { type Command, InvalidArgumentError, Option } from "commander";
import * as z from "zod";
import { parseDecimal } from "../files/index";
import {
  checkOptions,
  type DeclaredOption,
  flagName,
  type GivenTrainingOptions,
  innerSchema,
  type Kind,
  type OptionsSchema,
  optionsOfSchema,
  ruleOf,
  trainingSchema,
} from "../options/index";

/** Adds a flag for every option, including the options of inner objects. */
export function addSchemaOptions(command: Command, schema: OptionsSchema): Command {
  for (const declared of optionsOfSchema(schema)) {
    const inner = innerSchema(declared);
    if (inner) addSchemaOptions(command, inner);
    else if (declared.flag !== false) {
      command.addOption(flagOf(declared));
      if (declared.negation) command.addOption(new Option(`--no-${flagName(declared)}`, declared.negation));
      if (declared.formerly) command.addOption(flagOf({ ...declared, name: declared.formerly, hidden: true }));
    }
  }
  return command;
}

/** The given values by option. Contains inner objects only if one of their options was given. */
export function givenOptions<S extends OptionsSchema>(flags: object, schema: S): Partial<z.output<S>> {
  const values = new Map(Object.entries(flags));
  const given: Record<string, unknown> = {};
  for (const declared of optionsOfSchema(schema)) {
    const { name, formerly, flag, environment } = declared;
    const inner = innerSchema(declared);
    if (inner) {
      const options = givenOptions(flags, inner);
      if (Object.keys(options).length > 0) given[name] = options;
      continue;
    }
    const value =
      flag === false
        ? environment && process.env[environment]
        : (values.get(flagOf(declared).attributeName()) ?? (formerly && values.get(formerly)));
    const isNegated = declared.negation !== undefined && value === false;
    if (value !== undefined && !isNegated) given[name] = value;
  }
  return given as Partial<z.output<S>>;
}

/** The given values by option, and the defaults of all others. */
export function readOptions<S extends OptionsSchema>(flags: object, schema: S): z.output<S> {
  return checkOptions(schema, givenOptions(flags, schema), "option");
}

/** The given training options, without defaults: a resumed run keeps its own values. */
export function givenTraining(flags: object): GivenTrainingOptions {
  return givenOptions(flags, trainingSchema) as GivenTrainingOptions;
}

/** An option that takes a JSON object. */
export const json = () => z.record(z.string(), z.unknown());

/** A flag with its allowed values. */
export class DeclaredFlag extends Option {
  constructor(
    flags: string,
    help: string,
    readonly words: readonly string[],
  ) {
    super(flags, help);
  }
}

function flagOf(declared: DeclaredOption): DeclaredFlag {
  const { value, help, group, kind, hidden, environment, required, repeats, short } = declared;
  const long = `${short ? `-${short}, ` : ""}--${flagName(declared)}`;
  const shown = value?.startsWith("[") ? value : value && `<${value}>`;
  const flags = shown ? `${long} ${shown}` : long;
  const option = new DeclaredFlag(flags, `${help}${remark(declared)}`, kind.words ?? []);
  if (option.variadic || repeats === "whole")
    option.argParser<readonly string[]>((text, before) => [...(before ?? []), text]);
  else if (repeats) {
    option.argParser<readonly unknown[]>((text, before) => [
      ...(before ?? []),
      ...(readText(declared, text) as unknown[]),
    ]);
  } else if (value) option.argParser((text) => readText(declared, text));
  if (group) option.helpGroup(`${group}:`);
  if (hidden) option.hideHelp();
  if (environment) option.env(environment);
  option.makeOptionMandatory(required);
  return option;
}

/** The allowed values and the default of an option, for its help text. */
function remark({ usual, initial, kind }: DeclaredOption): string {
  const shown = initial === "" || kind.type === "boolean" ? undefined : initial;
  const otherwise = usual ?? (Array.isArray(shown) ? shown.join(",") : shown);
  const remarks = [
    ...(kind.words ? [`one of ${kind.words.join(", ")}`] : []),
    ...(otherwise === undefined ? [] : [`default ${otherwise}`]),
  ];
  return remarks.length > 0 ? ` (${remarks.join("; ")})` : "";
}

function parse(text: string, kind: Kind): unknown {
  if (kind.items?.type === "string") return text.split(",").flatMap((part) => part.trim() || []);
  if (kind.type === "array") return text.split(",").map((part) => parse(part, kind.items ?? kind));
  if (kind.type === "object") return objectIn(text);
  if (kind.type !== "number" && kind.type !== "integer") return text;
  const value = parseDecimal(text);
  return Number.isNaN(value) ? text : value;
}

function objectIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("It must be a JSON object.");
  }
}

function readText({ schema, kind, rule = ruleOf(kind) }: DeclaredOption, text: string): unknown {
  const value = parse(text, kind);
  if (schema.safeParse(value).success) return value;
  throw new InvalidArgumentError(`It must ${rule}.`);
}
