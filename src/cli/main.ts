/** @module The `histo` command line, and errors with the usage. Commands load their modules when they run, so that each starts quickly. */
import { Command, CommanderError, type Option } from "commander";
import { projectVersion } from "../files/index";
import { reportError } from "./command";
import { registerCommands } from "./commands";
import type { DeclaredFlag } from "./schema-options";

/** Builds the program with all its commands. @param argv load only the commands named here; default: all */
export async function createProgram(argv?: readonly string[]): Promise<Command> {
  const program = new Command("histo")
    .description("Histology image classification: data, training, evaluation, export and serving.")
    .version(projectVersion(), "--version", "print the version")
    .showHelpAfterError(false)
    .showSuggestionAfterError(true);
  await registerCommands(program, argv);
  for (const command of [program, ...allCommands(program)]) {
    command.configureOutput({ writeErr: () => undefined }).exitOverride((error) => {
      // A group without a command.
      if (error.code === "commander.help" && error.exitCode !== 0) process.stdout.write(command.helpInformation());
      throw withUsage(command, error);
    });
  }
  return program;
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}

/** Runs the command line and sets the exit status of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = await createProgram(argv);
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error);
    if (error.exitCode === 0) return;
    if (error.code !== "commander.help")
      process.stderr.write(`histo: ${error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ")}\n`);
    process.exitCode = 2;
  }
}

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

/** The same error with a hint or the usage at its end. @throws {CommanderError} for a misspelt option, which would be reported as missing */
function withUsage(command: Command, error: CommanderError): CommanderError {
  const misspelt = command.args.find((word) => word.startsWith("-"));
  if (error.code === "commander.missingMandatoryOptionValue" && misspelt !== undefined)
    (command as Command & Checking).unknownOption(misspelt);
  const hint = meantOtherwise(command, error) ?? hintOn(command, error.code);
  if (hint === undefined || error.message.includes("Did you mean")) return error;
  const message = error.message.replace(/^error: /, "").replace(/\.?\s*$/, "");
  return new CommanderError(error.exitCode, error.code, `${message}. ${hint}`);
}

/** Options by the names that other commands have for the same. */
const OTHER_NAMES: Readonly<Record<string, readonly [unknown: string, meant: string]>> = {
  "histo train": ["--out", "--run"],
};

function meantOtherwise(command: Command, { code, message }: CommanderError): string | undefined {
  const [unknown, meant] = OTHER_NAMES[pathOf(command).join(" ")] ?? [];
  const isMeant = code === "commander.unknownOption" && message.includes(`'${unknown}'`);
  return isMeant ? `Did you mean ${meant}?` : undefined;
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
function usageOf(command: Command): string {
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
