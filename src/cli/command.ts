/** @module The parts that all commands share: options, --json, errors, exit status, Ctrl-C. */
import type { Command, Option } from "commander";
import type * as z from "zod";
import { HistoError, InputError, Interrupted, messageOf } from "../errors/index";
import type { OptionsSchema } from "../options/index";
import { type Progress, silentProgress, streamProgress } from "../progress/index";

/** What a command gets besides its options. */
export interface CommandContext {
  /** Positional arguments. */
  readonly args: readonly string[];
  /** The flags as given, to be read with `givenOptions`. */
  readonly flags: object;
  /** Goes to standard error; silent with `--quiet`. */
  readonly progress: Progress;
  /** Aborted by Ctrl-C or SIGTERM: stop soon, keep the work. A second Ctrl-C ends the process at once. */
  readonly signal: AbortSignal;
  /** Whether standard output must be one JSON object. */
  readonly json: boolean;
}

/** A command: `run` does the work and returns the object that `--json` prints; `render` turns it into text. */
export interface CommandDefinition<Schema extends OptionsSchema, Result> {
  /** Complete commands to show below the options, each with an explanation. */
  readonly examples?: readonly (readonly [command: string, does: string])[];
  /** The options; `run` gets their checked values. */
  readonly schema?: Schema;
  /** Options whose given values `run` reads from the context's flags. */
  readonly moreOptions?: readonly OptionsSchema[];
  /** Adds arguments and further help. */
  configure?(command: Command): Command;
  run(options: z.output<Schema>, context: CommandContext): Promise<Result>;
  /** Text for standard output without `--json`; without it, nothing is printed. */
  render?(result: Result): string | Promise<string>;
}

/** A command whose result has the type of what `run` returns. */
export function defineCommand<Schema extends OptionsSchema, Result>(
  definition: CommandDefinition<Schema, Result>,
): CommandDefinition<Schema, Result> {
  return definition;
}

/** Gives a command its options and its work. */
export async function addCommand<Schema extends OptionsSchema, Result>(
  command: Command,
  definition: CommandDefinition<Schema, Result>,
): Promise<void> {
  const { schema, moreOptions = [], examples = [] } = definition;
  command
    .option("--json", "print one JSON object as the last line of standard output")
    .option("--quiet", "no progress on standard error");
  const lines = examples.map(([line, does]) => `  # ${does}\n  ${line}`);
  if (lines.length > 0) command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  const declarations = schema && (await import("./schema-options.js"));
  for (const declared of schema ? [...moreOptions, schema] : []) declarations?.addSchemaOptions(command, declared);
  definition.configure?.(command);
  command.action(async () => {
    const flags = command.opts();
    const optionsOf = () => {
      refuseEmpty(command);
      return (schema && declarations ? declarations.readOptions(flags, schema) : {}) as z.output<Schema>;
    };
    await runCommand(definition, optionsOf, { args: command.args, flags }, command.options);
  });
}

/** Refuses empty words: a variable that is not set gave them, and as a path they would mean the current folder. */
function refuseEmpty(command: Command): void {
  const isEmpty = (value: unknown) =>
    value === "" || (Array.isArray(value) && (value.length === 0 || value.includes("")));
  const option = command.options.find((one) => {
    const name = one.attributeName();
    return command.getOptionValueSource(name) === "cli" && isEmpty(command.getOptionValue(name));
  });
  const what = option?.long ?? (command.args.includes("") ? "An argument" : undefined);
  if (what === undefined) return;
  const message = `${what} is empty (a variable that is not set?); give it a value, or leave it out.`;
  throw new InputError("OPTION_EMPTY", message);
}

async function runCommand<Schema extends OptionsSchema, Result>(
  definition: CommandDefinition<Schema, Result>,
  optionsOf: () => z.output<Schema>,
  { args, flags }: { args: readonly string[]; flags: { json?: boolean; quiet?: boolean } },
  declared: readonly Option[],
): Promise<void> {
  const { json = false, quiet = false } = flags;
  const controller = new AbortController();
  const { signal } = controller;
  const received = new Set<NodeJS.Signals>();
  const stop = (name: NodeJS.Signals) => {
    // Ctrl-C on a terminal is also a SIGTERM from the command that started this one.
    if (received.has(name)) process.exit(130);
    received.add(name);
    controller.abort(new Interrupted());
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    const progress = quiet ? silentProgress : streamProgress();
    const result = await definition.run(optionsOf(), { args, flags, progress, signal, json });
    const text = json ? JSON.stringify(result) : await definition.render?.(result);
    if (text) process.stdout.write(`${text}\n`);
    if (signal.aborted) process.exitCode = 130;
  } catch (error) {
    // Node's own functions report an abort with an error of their own.
    const isAbort = signal.aborted && (error as Error | undefined)?.name === "AbortError";
    reportError(isAbort ? signal.reason : error, declared);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/**
 * Prints an error on one line and sets the exit status. With HISTO_DEBUG, shows the stack of unexpected errors.
 * @param declared the options of the command that ended with it
 */
export function reportError(error: unknown, declared: readonly Option[] = []): void {
  const expected = error instanceof HistoError;
  const { option, message } = (expected && error.ifOption) || {};
  const helps = declared.some(({ long }) => long === option);
  process.stderr.write(`histo: ${onOneLine((helps && message) || messageOf(error))}\n`);
  if (!expected && process.env.HISTO_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = expected ? error.exitStatus : 1;
}

/** Prints what failed of a command's work, one line each. Any failure sets the exit status to 1. */
export function reportFailures(lines: readonly string[]): void {
  reportNotes(lines);
  if (lines.length > 0) process.exitCode = 1;
}

/** Prints what a user should know about a command's work, one line each. */
export function reportNotes(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`histo: ${onOneLine(line)}\n`);
}

/** A line about each image that failed: its name, unless the message begins with it, and the message. */
export function failureLines(failed: readonly { readonly filename: string; readonly message: string }[]): string[] {
  return failed.map(({ filename, message }) => (message.startsWith(filename) ? message : `${filename}: ${message}`));
}

/** Names of files may contain line ends, and codes that control the terminal. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
