/** @module Notebook 09 on tiles that the model reduces: slides have them as large as they are. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { projectRoot } from "../../src/files/index";
import { readNotebook, runNotebook } from "../../src/notebook/index";
import { sharedDirectory } from "../support/temporary-directory";

test("09-from-slide-to-map finds the tissue of tiles that are larger than the model's input", async () => {
  const data = join(sharedDirectory(), "tiles-of-64");
  await writeSyntheticDataset({ out: data, images: 120, size: 64 });
  const notebook = await readNotebook(join(projectRoot(), "notebooks", "09-from-slide-to-map.ipynb"));
  const parameters = { data, size: 32, columns: 14, rows: 10 };
  const { notebook: done, failure } = await runNotebook(notebook, { parameters });
  assert.equal(failure, undefined, failure && `cell [${failure.cell}]\n${failure.traceback.join("\n")}`);
  const outputs = JSON.stringify(done.cells.map((cell) => ("outputs" in cell ? cell.outputs : [])));
  // The table as text: its head, and its only row.
  const row = /"tissue tiles +tissue not found[^"]*\\n"?,?"? *([^"]*)"/.exec(outputs)?.[1]?.split(/ +/) ?? [];
  const [found, missed, glass, auc] = row.map(Number);
  assert.deepEqual([missed, glass], [0, 0], `${row}`);
  assert.ok((found as number) > 100 && (auc as number) > 0, `${row}`);
});
