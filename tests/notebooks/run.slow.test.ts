/** @module Each notebook, run from top to bottom with its own defaults, as a reader does. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { readNotebook, runNotebook } from "../../src/notebook/index";

const folder = join(projectRoot(), "notebooks");

for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".ipynb"))) {
  test(`${name} runs on the synthetic data`, async () => {
    const { failure, executed, total } = await runNotebook(await readNotebook(join(folder, name)));
    assert.equal(failure, undefined, failure && `cell [${failure.cell}]\n${failure.traceback.join("\n")}`);
    assert.equal(executed, total);
  });
}
