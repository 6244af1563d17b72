/** @module Errors of the command line that say what the command accepts. */
import { type Command, CommanderError, type Option } from "commander";
import type { DeclaredFlag } from "./schema-options";

/** Commands with more options than these are described without naming them all. */
const MOST_NAMED = 8;
/** Options with more words than these are shown with the name of their value. */
const MOST_WORDS = 4;
const OF_ALL_COMMANDS = ["--json", "--quiet"];

/** Commander's check, which its types do not have. */
interface Checking {
  /** @throws {CommanderError} with a similar option, if there is one */
  unknownOption(flag: string): never;
}

/**
 * The same error, with a hint or the command's usage at the end of its message.
 * @throws {CommanderError} for a misspelt option, which would be reported as a missing one
 */
export function withUsage(command: Command, error: CommanderError): CommanderError {
  const misspelt = command.args.find((word) => word.startsWith("-"));
  if (error.code === "commander.missingMandatoryOptionValue" && misspelt !== undefined)
    (command as Command & Checking).unknownOption(misspelt);
  const hint = hintOn(command, error.code);
  if (hint === undefined || error.message.includes("Did you mean")) return error;
  const message = error.message.replace(/^error: /, "").replace(/\.?\s*$/, "");
  return new CommanderError(error.exitCode, error.code, `${message}. ${hint}`);
}

function hintOn(command: Command, code: string): string | undefined {
  const path = pathOf(command).join(" ");
  switch (code) {
    case "commander.excessArguments":
      return [...meantOptions(command), `Usage: ${usageOf(command)}`].join(" ");
    case "commander.missingArgument":
    case "commander.missingMandatoryOptionValue":
      return `Usage: ${usageOf(command)}`;
    case "commander.unknownOption":
      return `${path} --help lists the options.`;
    case "commander.unknownCommand":
      return `${path} --help lists the commands.`;
    default:
      return undefined;
  }
}

/** The command's words, beginning with `histo`. */
function pathOf(command: Command | null): string[] {
  return command ? [...pathOf(command.parent), command.name()] : [];
}

/** Options that accept an argument too many as their value, or as a further one of their list. */
function meantOptions(command: Command): string[] {
  const excess = command.args.slice(command.registeredArguments.length);
  const words = excess.flatMap((word) => {
    const option = command.options.find((one) => (one as Partial<DeclaredFlag>).words?.includes(word));
    return option ? [`Did you mean ${option.long} ${word}?`] : [];
  });
  if (words.length > 0) return words;
  const lists = command.options.filter((option) => Array.isArray(command.getOptionValue(option.attributeName())));
  return lists.length === 1
    ? lists.map((option) => {
        const given: readonly string[] = command.getOptionValue(option.attributeName());
        return `Did you mean ${option.long} ${[...given, ...excess].join(",")}?`;
      })
    : [];
}

/** What a command accepts, on one line: `histo card <dir>`. */
export function usageOf(command: Command): string {
  const shown = command.options.filter(({ hidden, long }) => !hidden && !OF_ALL_COMMANDS.includes(long ?? ""));
  const free = shown.filter(({ mandatory }) => !mandatory);
  return [
    ...pathOf(command),
    ...command.registeredArguments.map((argument) => {
      const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
      return argument.required ? `<${name}>` : `[${name}]`;
    }),
    ...shown.filter(({ mandatory }) => mandatory).map(flagOf),
    ...(free.length > MOST_NAMED ? ["[options]"] : free.map((option) => `[${flagOf(option)}]`)),
  ].join(" ");
}

/** A flag with its value or the few words that it takes, without its one-letter form. */
function flagOf(option: Option): string {
  const { words = [] } = option as Partial<DeclaredFlag>;
  const flags = option.flags.replace(/^-\w, /, "");
  return words.length > 0 && words.length <= MOST_WORDS ? flags.replace(/<.*>/, words.join("|")) : flags;
}
