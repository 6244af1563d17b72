/** @module What every command has in common: options, --json, errors, exit status, Ctrl-C. */
import type { Command } from "commander";
import { type HistoError, Interrupted, messageOf } from "../errors/index";
import { type Progress, silentProgress, streamProgress } from "../progress/index";

/** What a command gets beside its own options. */
export interface CommandContext {
  /** Goes to standard error; silent with `--quiet`. */
  readonly progress: Progress;
  /** Aborted by Ctrl-C or SIGTERM: stop soon, keep the work. A second Ctrl-C ends the process at once. */
  readonly signal: AbortSignal;
  /** True where one JSON object is wanted on standard output. */
  readonly json: boolean;
}

/** A command: `run` does the work and returns the object that `--json` prints; `render` says it for people. */
export interface CommandDefinition<Options, Result> {
  /** Whole commands that are shown below the options, each with what it does. */
  readonly examples?: readonly (readonly [command: string, does: string])[];
  /** Declares options and arguments (positional arguments arrive in `options.args`). */
  configure(command: Command): Command;
  run(options: Options & { readonly args: readonly string[] }, context: CommandContext): Promise<Result>;
  /** Text for standard output without `--json`; nothing where absent. */
  render?(result: Result): string;
}

/** Gives a command its options and its work. */
export function addCommand<Options, Result>(command: Command, definition: CommandDefinition<Options, Result>): void {
  command
    .option("--json", "print one JSON object as the last line of standard output")
    .option("--quiet", "no progress on standard error");
  const examples = (definition.examples ?? []).map(([line, does]) => `  # ${does}\n  ${line}`);
  if (examples.length > 0) command.addHelpText("after", `\nExamples:\n${examples.join("\n")}`);
  definition.configure(command).action(async () => {
    const options = command.opts<Options & { json?: boolean; quiet?: boolean }>();
    await runCommand(definition, { ...options, args: command.args }, options);
  });
}

async function runCommand<Options, Result>(
  definition: CommandDefinition<Options, Result>,
  options: Options & { readonly args: readonly string[] },
  { json = false, quiet = false }: { json?: boolean; quiet?: boolean },
): Promise<void> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted());
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    const progress = quiet ? silentProgress : streamProgress();
    const result = await definition.run(options, { progress, signal: controller.signal, json });
    const text = json ? JSON.stringify(result) : definition.render?.(result);
    if (text) process.stdout.write(`${text}\n`);
    if (controller.signal.aborted) process.exitCode = 130;
  } catch (error) {
    reportError(error);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** Says an error on one line and sets the exit status; a bug (anything but a {@link HistoError}) shows its stack too. */
export function reportError(error: unknown): void {
  process.stderr.write(`histo: ${messageOf(error)}\n`);
  const status = exitStatusOf(error);
  const expected = status !== undefined;
  if (!expected && process.env.HISTO_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = status ?? 1;
}

/** The exit status that an expected failure carries; rooms that stand alone have error classes of their own. */
function exitStatusOf(error: unknown): number | undefined {
  const status = error instanceof Error ? (error as Partial<HistoError>).exitStatus : undefined;
  return typeof status === "number" ? status : undefined;
}
