/** @module `histo completion`: prints scripts that complete commands, options and their values. */
import { Argument } from "commander";
import type { OptionsSchema } from "../options/index";
import type { CommandDefinition } from "./command";
import { type CompletionEntry, SHELLS, type Shell } from "./completion-scripts";
import { DeclaredFlag } from "./schema-options";

interface Result {
  readonly shell: Shell;
  readonly script: string;
}

export const command: CommandDefinition<OptionsSchema, Result> = {
  configure: (command) =>
    command.addArgument(new Argument("<shell>", "shell to complete in").choices(Object.keys(SHELLS))).addHelpText(
      "after",
      `
For histo as a command of its own (npm link, or alias histo="npx histo"):
  bash  echo 'eval "$(npx histo completion bash)"' >> ~/.bashrc
  zsh   echo 'eval "$(npx histo completion zsh)"' >> ~/.zshrc
  fish  npx histo completion fish > ~/.config/fish/completions/histo.fish`,
    ),
  async run(_, { args: [name] }) {
    const shell = name as Shell;
    return { shell, script: SHELLS[shell](await completionEntries()) };
  },
  render: ({ script }) => script,
};

/** Every command and group with its options. */
async function completionEntries(): Promise<CompletionEntry[]> {
  const { createProgram } = await import("./main.js");
  const visit = (command: Awaited<ReturnType<typeof createProgram>>, path: readonly string[]): CompletionEntry[] => [
    {
      path,
      commands: command.commands.map((child) => ({ name: child.name(), help: child.description() })),
      options: command.options
        .filter(({ hidden, long }) => !hidden && long)
        .map((option) => ({
          flag: option.long as string,
          help: option.description,
          takesValue: option.required || option.optional,
          words: option instanceof DeclaredFlag ? option.words : [],
        })),
    },
    ...command.commands.flatMap((child) => visit(child, [...path, child.name()])),
  ];
  return visit(await createProgram(), []);
}
