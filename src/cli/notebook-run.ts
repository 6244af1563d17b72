/** @module `histo notebook run`: notebooks without Jupyter and without Python. */
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { HistoError, InputError, Interrupted } from "../errors/index";
import type { CommandDefinition } from "./command";

interface Options {
  readonly parameter?: readonly string[];
  readonly out?: string;
}

/** What became of one notebook. */
interface NotebookResult {
  readonly notebook: string;
  readonly output: string;
  readonly cells: number;
  readonly seconds: number;
}

export const notebookRun: CommandDefinition<Options, { notebooks: NotebookResult[] }> = {
  configure: (command: Command) =>
    command
      .argument("<file...>", "notebooks (.ipynb)")
      .option("-p, --parameter <name=value>", "set a parameter of the notebook (repeatable)", collect)
      .option("--out <directory>", "folder for the executed notebooks; default: in place")
      .addHelpText("after", "\nRelative paths in parameters are taken from the project's root, where cells run."),

  async run({ args, parameter = [], out }, { progress, signal }) {
    const { parseParameters, readNotebook, runNotebook, writeNotebook } = await import("../notebook/index.js");
    checkNames(args, out);
    const todo = [];
    for (const file of args) {
      const notebook = await readNotebook(resolve(file));
      todo.push({ file, notebook, parameters: parseParameters(parameter, notebook) });
    }
    const notebooks: NotebookResult[] = [];
    for (const { file, notebook, parameters } of todo) {
      const output = out ? join(resolve(out), basename(file)) : resolve(file);
      const run = await runNotebook(notebook, {
        parameters,
        signal,
        progress,
        label: basename(file),
        onCell: (soFar) => writeNotebook(output, soFar),
      });
      await writeNotebook(output, run.notebook);
      if (run.interrupted)
        throw new Interrupted(`Stopped in cell [${run.executed}]; the outputs so far are in ${output}.`);
      if (run.failure) {
        const { ename, evalue, cell } = run.failure;
        throw new HistoError("NOTEBOOK_FAILED", `${file}, cell [${cell}]: ${ename}: ${evalue} (see ${output})`);
      }
      notebooks.push({ notebook: file, output, cells: run.executed, seconds: run.seconds });
    }
    return { notebooks };
  },

  render: ({ notebooks }) => notebooks.map(({ output }) => output).join("\n"),
};

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** Two notebooks of one name would overwrite each other in `--out`. */
function checkNames(files: readonly string[], out: string | undefined): void {
  const names = files.map((file) => basename(file));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (out && twice)
    throw new InputError("NOTEBOOK_NAME_TWICE", `--out ${out}: two of the notebooks are called ${twice}.`);
}
