import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { runNotebook } from "../../src/notebook/index";
import { notebookOf } from "../support/notebook";

test("drawn tiles are called drawn, real ones are left without a word", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "histo-origin-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeSyntheticDataset({ out: join(folder, "drawn"), images: 10, size: 32 });
  const { notebook, failure } = await runNotebook(
    notebookOf(
      'import { displayOrigin } from "./src/notebook/index";',
      `displayOrigin(${JSON.stringify(join(folder, "drawn"))});`,
      `displayOrigin(${JSON.stringify(folder)});`,
    ),
  );
  assert.equal(failure, undefined, failure?.traceback.join("\n"));
  const [, drawn, real] = notebook.cells.map(({ outputs = [] }) => JSON.stringify(outputs));
  assert.match(drawn ?? "", /drawn by a program/);
  assert.equal(real, "[]");
});
