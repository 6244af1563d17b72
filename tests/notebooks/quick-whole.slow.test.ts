/** @module One real notebook on small data; all of them, on the usual data, are in the slow group. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { projectRoot } from "../../src/files/index";
import { readNotebook, runNotebook } from "../../src/notebook/index";
import { sharedDirectory } from "../support/temporary-directory";

test("06-onnx-export trains, exports, verifies and times a network on other data", async () => {
  const folder = sharedDirectory();
  const data = join(folder, "tiles");
  await writeSyntheticDataset({ out: data, images: 60, size: 32 });
  const notebook = await readNotebook(join(projectRoot(), "notebooks", "06-onnx-export.ipynb"));
  const { failure } = await runNotebook(notebook, { parameters: { data, size: 32, repeats: 3 } });
  assert.equal(failure, undefined, failure && `cell [${failure.cell}]\n${failure.traceback.join("\n")}`);
});
