/** @module `histo completion`: prints scripts that complete commands, options and their values. */
import { Argument } from "commander";
import { inQuotes } from "../format/index";
import { defineCommand } from "./command";
import { DeclaredFlag } from "./schema-options";

export const command = defineCommand({
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
});

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

/** A command or group of commands. */
interface CompletionEntry {
  /** The words after `histo`; empty for `histo` itself. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly {
    /** Including dashes. */
    readonly flag: string;
    readonly help: string;
    readonly takesValue: boolean;
    /** The allowed values, if limited. */
    readonly words: readonly string[];
  }[];
}

/** The script for each shell. */
const SHELLS = {
  bash: bashScript,
  zsh: (entries: readonly CompletionEntry[]) => `autoload -Uz bashcompinit && bashcompinit\n${bashScript(entries)}`,
  fish: fishScript,
};

type Shell = keyof typeof SHELLS;

function bashScript(entries: readonly CompletionEntry[]): string {
  const paths = entries.filter(({ path }) => path.length > 0).map(({ path }) => inQuotes(path.join(" ")));
  const words = entries.map(({ path, commands, options }) => {
    const all = [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag), "--help"];
    return `    ${inQuotes(path.join(" "))}) words=${inQuotes(all.join(" "))} ;;`;
  });
  const values = entries.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ flag, words }) => `    ${inQuotes([...path, flag].join(" "))}) values=${inQuotes(words.join(" "))} ;;`),
  );
  return `_histo() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} path= word words= values=none
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
    ${paths.join(" | ")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path $before" in
${values.join("\n")}
  esac
  if [ -z "$values" ]; then COMPREPLY=($(compgen -f -- "$current")); return; fi
  if [ "$values" != none ]; then COMPREPLY=($(compgen -W "$values" -- "$current")); return; fi
  case "$path" in
${words.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _histo histo
`;
}

function fishScript(entries: readonly CompletionEntry[]): string {
  const lines = entries.flatMap(({ path, commands, options }) => {
    const at = `complete -c histo -n ${inQuotes(`__histo_at ${path.join(" ")}`)}`;
    return [
      ...commands.map(({ name, help }) => `${at} -f -a ${name} -d ${inQuotes(help)}`),
      ...options.map(({ flag, help, takesValue, words }) => {
        const value = words.length > 0 ? ` -x -a ${inQuotes(words.join(" "))}` : takesValue ? " -r -F" : "";
        return `${at} -l ${flag.slice(2)}${value} -d ${inQuotes(help)}`;
      }),
    ];
  });
  const paths = entries.filter(({ path }) => path.length > 0).map(({ path }) => inQuotes(path.join(" ")));
  return `function __histo_at
  set -l path
  for word in (commandline -opc)[2..]
    contains -- (string join ' ' $path $word) ${paths.join(" ")}; and set path $path $word
  end
  test "$path" = "$argv"
end
complete -c histo -f
${lines.join("\n")}
`;
}
