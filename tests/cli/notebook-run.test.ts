import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { readNotebook } from "../../src/notebook/index";
import { histo, histoHere, histoJson } from "../support/histo";
import { printedBy, writeTestNotebook } from "../support/notebook";
import { sharedDirectory } from "../support/temporary-directory";

describe("histo notebook run", () => {
  let folder: string;
  before(async () => {
    folder = sharedDirectory();
  });

  const parameters = { tags: ["parameters"], code: "let epochs = 3;" };

  test("runs with parameters into another directory and leaves the source as it is", async () => {
    const path = await writeTestNotebook(join(folder, "a.ipynb"), parameters, "console.log(epochs * 2);");
    const before = await readFile(path, "utf8");
    const { notebooks } = histoJson<{ notebooks: { output: string; cells: number }[] }>(
      ...["notebook", "run", path, "-p", "epochs=21", "--out", join(folder, "out")],
    );
    assert.deepEqual(
      notebooks.map(({ output, cells }) => [output, cells]),
      [[join(folder, "out", "a.ipynb"), 3]],
    );
    assert.deepEqual(printedBy(await readNotebook(join(folder, "out", "a.ipynb"))), ["", "", "42\n"]);
    assert.equal(await readFile(path, "utf8"), before);
  });

  test("a failing cell: exit 1, one line that names it, and the notebook with the error in it", async () => {
    const path = await writeTestNotebook(join(folder, "bad.ipynb"), "console.log('kept');", "const n: number = 'x';");
    const { status, stderr } = histo("notebook", "run", path, "--quiet");
    assert.equal(status, 1);
    assert.match(stderr, /^histo: .*bad\.ipynb, cell \[2\]: TypeScriptError: line 1, column 7: .*\n$/);
    const notebook = await readNotebook(path);
    assert.deepEqual(printedBy(notebook), ["kept\n", ""]);
    assert.equal(notebook.cells[1]?.outputs?.[0]?.output_type, "error");
  });

  test("bad input: exit 2 and one line that names it", async () => {
    const path = await writeTestNotebook(join(folder, "ok.ipynb"), parameters);
    await writeFile(join(folder, "no.ipynb"), "{}");
    await writeFile(join(folder, "cut.ipynb"), '{"cells": [');
    for (const [argv, expected] of [
      [[join(folder, "missing.ipynb")], /missing\.ipynb does not exist/],
      [[join(folder, "no.ipynb")], /no\.ipynb is not a Jupyter notebook/],
      [[join(folder, "cut.ipynb")], /cut\.ipynb is not valid JSON/],
      [[path, "-p", "epoch=3"], /no parameter epoch; it has epochs/],
      [[path, "-p", "epochs=x"], /epochs must be a number/],
      [[], /missing required argument 'file'/],
    ] as const) {
      const { status, stderr } = await histoHere("notebook", "run", ...argv);
      assert.equal(status, 2, stderr);
      assert.match(stderr, expected);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    }
  });

  test("Ctrl-C stops the cell, keeps the outputs so far and exits with 130", async () => {
    const busy = "console.log('started');\nwhile (true) {}";
    const path = await writeTestNotebook(
      join(folder, "long.ipynb"),
      "console.log('done');",
      busy,
      "console.log('no');",
    );
    const child = spawn(
      process.execPath,
      [join(projectRoot(), "bin", "histo.cjs"), "notebook", "run", path, "--quiet"],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    // The first cell is saved when it is done; then the second one is running.
    while (!(await readFile(path, "utf8")).includes("done\\n")) await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill("SIGINT");
    assert.equal(await ended, 130);
    assert.match(stderr, /Stopped in cell \[2\]; the outputs so far are in .*long\.ipynb/);
    assert.deepEqual(printedBy(await readNotebook(path)), ["done\n", "started\n", ""]);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes(".tmp")),
      [],
    );
  });
});
