/** @module The `histo` command line. Commands load their modules when they run, so that each starts quickly. */
import { Command, CommanderError } from "commander";
import { projectVersion } from "../files/index";
import { reportError } from "./command";
import { registerCommands } from "./commands";
import { withUsage } from "./usage";

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
