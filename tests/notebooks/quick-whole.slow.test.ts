/** @module Real notebooks on small data; all of them, on the usual data, are in the slow group. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { projectRoot } from "../../src/files/index";
import { readNotebook, runNotebook } from "../../src/notebook/index";
import { sharedDirectory } from "../support/temporary-directory";
import { writeTileFolder } from "../support/tile-folder";

test("06-onnx-export trains, exports, verifies and times a network on other data", async () => {
  const folder = sharedDirectory();
  const data = join(folder, "tiles");
  await writeSyntheticDataset({ out: data, images: 60, size: 32 });
  const notebook = await readNotebook(join(projectRoot(), "notebooks", "06-onnx-export.ipynb"));
  const { failure } = await runNotebook(notebook, { parameters: { data, size: 32, repeats: 3 } });
  assert.equal(failure, undefined, failure && `cell [${failure.cell}]\n${failure.traceback.join("\n")}`);
});

test("01-eda of folders without a test partition says so, and does not trust a test set that there is not", async () => {
  const data = join(sharedDirectory(), "folders");
  await writeTileFolder(data, 12, 24);
  const notebook = await readNotebook(join(projectRoot(), "notebooks", "01-eda.ipynb"));
  const { failure, notebook: run } = await runNotebook(notebook, { parameters: { data } });
  assert.equal(failure, undefined, failure && `cell [${failure.cell}]\n${failure.traceback.join("\n")}`);
  const said = JSON.stringify(run.cells.map(({ outputs }) => outputs));
  assert.match(said, /There is no test set yet/);
  assert.doesNotMatch(said, /can be trusted/);
});
