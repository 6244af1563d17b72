/** @module The kernel as Jupyter's own clients see it: nbconvert (nbclient) and papermill. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { type Notebook, readNotebook, runNotebook, writeNotebook } from "../../src/notebook/index";
import { jupyterPython } from "../support/jupyter";
import { notebookOf, printedBy, type TestCell, writeTestNotebook } from "../support/notebook";
import { withoutPython } from "../support/python";
import { sharedDirectory } from "../support/temporary-directory";

const papermillScript = join(projectRoot(), "jupyter", "papermill_histo.py");

describe("the kernel in Jupyter", { skip: withoutPython() }, () => {
  let folder: string;
  before(async () => {
    folder = sharedDirectory();
  });

  async function convert(cells: readonly TestCell[], ...options: readonly string[]) {
    await writeTestNotebook(join(folder, "in.ipynb"), ...cells);
    await rm(join(folder, "out.ipynb"), { force: true });
    const command = ["-m", "nbconvert", "--to", "notebook", "--execute", "in.ipynb", "--output", "out.ipynb"];
    const { status, stderr } = jupyterPython(folder, ...command, ...options);
    return { status, stderr, notebook: await readNotebook(join(folder, "out.ipynb")).catch(() => undefined) };
  }

  async function papermill(cells: readonly TestCell[], ...options: readonly string[]) {
    await writeTestNotebook(join(folder, "in.ipynb"), ...cells);
    await rm(join(folder, "out.ipynb"), { force: true });
    const { status, stderr } = jupyterPython(
      folder,
      papermillScript,
      "in.ipynb",
      "out.ipynb",
      "--no-progress-bar",
      ...options,
    );
    return { status, stderr, notebook: await readNotebook(join(folder, "out.ipynb")).catch(() => undefined) };
  }

  test("nbconvert and the headless runner write the same valid notebook", async () => {
    const cells = [
      'import { createServer } from "node:http";\nimport { displayTable } from "./src/notebook/index";',
      'import { existsSync } from "node:fs";\nconsole.log(existsSync("package.json"));',
      "console.error(process.env.HISTO_NOTEBOOK_CWD === process.cwd());",
      "displayTable([{ n: 1 }]);",
      "void createServer().listen(0); // must not keep the kernel alive",
    ];
    const started = Date.now();
    const { status, stderr } = await convert(cells);
    assert.equal(status, 0, stderr);
    assert.ok(Date.now() - started < 60_000);

    const { notebook } = await runNotebook(notebookOf(...cells));
    const path = join(folder, "headless.ipynb");
    await writeNotebook(path, notebook);
    const valid = "import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT))";
    const check = jupyterPython(folder, "-c", valid, path);
    assert.equal(check.status, 0, check.stderr);

    const saved = async (file: string) => {
      const { metadata, cells } = await readNotebook(join(folder, file));
      return { language: metadata.language_info, cells: cells.map(({ metadata, ...rest }) => rest) };
    };
    const [ours, jupyters] = [await saved("headless.ipynb"), await saved("out.ipynb")];
    const cwdCell = 2; // the one cell whose answer is allowed to differ
    for (const { cells } of [ours, jupyters]) cells.splice(cwdCell, 1);
    assert.deepEqual(ours, jupyters);
  });

  test("every kind of failure is an error output with its name, and only of its own cell", async () => {
    const { status, stderr, notebook } = await convert(
      [
        "throw new RangeError('too far');",
        "console.log('next');",
        "const n: number = 'one';",
        "void Promise.reject(new Error('floating'));",
        "void setTimeout(() => { throw new Error('in a timer'); }, 20);",
        "await new Promise((resolve) => setTimeout(resolve, 200));",
        "console.log('last');",
      ],
      "--allow-errors",
    );
    assert.equal(status, 0, stderr);
    const failures = notebook?.cells.map(({ outputs = [] }) =>
      outputs.map((output) => (output.output_type === "error" ? `${output.ename}: ${output.evalue}` : "printed")),
    );
    assert.deepEqual(failures, [
      ["RangeError: too far"],
      ["printed"],
      ["TypeScriptError: line 1, column 7: Type 'string' is not assignable to type 'number'."],
      ["Error: floating"],
      [],
      ["Error: in a timer"],
      ["printed"],
    ]);
  });

  test("a cell tagged raises-exception may fail", async () => {
    const failing = { code: "throw new Error('expected');", tags: ["raises-exception"] };
    const { status, stderr, notebook } = await convert([failing, "console.log('next');"]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(printedBy(notebook as Notebook), ["", "next\n"]);
  });

  test("a cell that ends the process is a failure", async () => {
    const { status, stderr } = await convert(["process.exit(0);"]);
    assert.notEqual(status, 0);
    assert.match(stderr, /DeadKernelError/);
  });

  test("a busy cell that takes too long is interrupted", async () => {
    const { status, stderr } = await convert(["while (true) {}"], "--ExecutePreprocessor.timeout=3");
    assert.equal(status, 1);
    assert.match(stderr, /CellTimeoutError|timed out/);
  });

  const parameters = { code: "let epochs = 3;\nlet name = 'x';\nlet widths: number[] = [1];", tags: ["parameters"] };

  test("papermill sets parameters of every JSON type", async () => {
    const yaml = '{epochs: 9, name: "it\'s", widths: [64, 32]}';
    const { status, stderr, notebook } = await papermill(
      [parameters, "console.log(epochs, name, widths);"],
      "-y",
      yaml,
    );
    assert.equal(status, 0, stderr);
    assert.equal(printedBy(notebook as Notebook)[2], "9 it's [ 64, 32 ]\n");
    assert.deepEqual(
      notebook?.cells.map((cell) => cell.execution_count),
      [1, 2, 3],
    );
  });

  test("papermill fails where a parameter has another type than the notebook declares", async () => {
    const { status, stderr, notebook } = await papermill([parameters, "console.log(epochs);"], "-p", "epochs", "many");
    assert.equal(status, 1);
    assert.match(stderr, /TypeScriptError: .*Type 'string' is not assignable to type 'number'/);
    assert.ok(notebook?.cells.some(({ outputs = [] }) => outputs.some(({ output_type }) => output_type === "error")));
  });

  test("papermill lists the parameters of a notebook", async () => {
    await writeTestNotebook(join(folder, "in.ipynb"), parameters);
    const { stdout } = jupyterPython(folder, papermillScript, "--help-notebook", "in.ipynb");
    assert.match(stdout, /epochs: .*\(default 3\)/);
    assert.match(stdout, /widths: number\[\] \(default \[1\]\)/);
  });
});
