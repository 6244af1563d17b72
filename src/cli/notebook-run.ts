/** @module `histo notebook run`: runs notebooks without Jupyter and Python. */
import { basename, join, resolve } from "node:path";
import * as z from "zod";
import { HistoError, InputError, Interrupted } from "../errors/index";
import { makeOutputFolder } from "../files/index";
import { option } from "../options/index";
import { defineCommand } from "./command";

const runSchema = z.strictObject({
  parameter: option(z.array(z.string()).readonly().default([]), "set a parameter of the notebook (repeatable)", {
    value: "name=value",
    usual: "the notebook's values",
    short: "p",
    repeats: "whole",
  }),
  out: option(z.string().optional(), "folder for the executed notebooks", { value: "directory", usual: "in place" }),
});

export const command = defineCommand({
  schema: runSchema,
  configure: (command) =>
    command
      .argument("<file...>", "notebooks (.ipynb)")
      .addHelpText("after", "\nRelative paths in parameters are taken from the project's root, where cells run."),

  async run({ parameter, out }, { args, progress, signal }) {
    const { parseParameters, readNotebook, runNotebook, writeNotebook } = await import("../notebook/index.js");
    checkNames(args, out);
    const todo = [];
    for (const file of args) {
      const notebook = await readNotebook(resolve(file));
      todo.push({ file, notebook, parameters: parseParameters(parameter, notebook) });
    }
    if (out) await makeOutputFolder("--out", resolve(out));
    const notebooks: { notebook: string; output: string; cells: number; seconds: number }[] = [];
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
});

/** Rejects notebooks of the same name, which would overwrite each other in `--out`. */
function checkNames(files: readonly string[], out: string | undefined): void {
  const names = files.map((file) => basename(file));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (out && twice)
    throw new InputError("NOTEBOOK_NAME_TWICE", `--out ${out}: two of the notebooks are called ${twice}.`);
}
