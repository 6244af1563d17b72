import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { labelsAndScores, type Prediction, readPredictions, writePredictions } from "../../src/evaluation/index";
import { sharedDirectory } from "../support/temporary-directory";

const folder = sharedDirectory();

const predictions: Prediction[] = [
  { filename: "a.png", label: 0, logit: -1.1137064218521118, probability: 0.24718055 },
  { filename: 'b, "second".png', label: 1, logit: 0.1 + 0.2, probability: 1 / 3 },
  { filename: "sub/c.png", label: 1, logit: 1e-300, probability: 1 },
];

test("what is written is read back bit for bit", async () => {
  const path = join(folder, "plain.csv");
  await writePredictions(path, predictions);
  assert.deepEqual(await readPredictions(path), predictions);
  assert.equal((await readFile(path, "utf8")).split("\n")[0], "filename,label,logit,probability");
  assert.deepEqual(labelsAndScores(predictions).labels, Uint8Array.of(0, 1, 1));
});

test("votes are kept, for those images that have them", async () => {
  const path = join(folder, "votes.csv");
  const voted = predictions.map((row, i) => (i === 0 ? row : { ...row, votes: { positive: 3 + i, total: 7 } }));
  await writePredictions(path, voted);
  assert.deepEqual(await readPredictions(path), voted);
});

test("bad rows are named with their line", async () => {
  const path = join(folder, "bad.csv");
  await writeFile(
    path,
    "filename,label,logit,probability\na.png,0,0.1,0.5\nb.png,2,0.1,0.5\nc.png,1,nan,0.5\na.png,1,0,1.5\n",
  );
  await assert.rejects(readPredictions(path), (error: Error & { code: string }) => {
    assert.equal(error.code, "PREDICTIONS_UNREADABLE");
    assert.match(
      error.message,
      /line 3: label is "2".*line 4: logit is "nan".*line 5: probability is "1.5".*and 1 more/,
    );
    return true;
  });
});

test("a missing file, column or row is said", async () => {
  await assert.rejects(readPredictions(join(folder, "absent.csv")), { code: "TABLE_MISSING" });
  await writeFile(join(folder, "columns.csv"), "filename,label\na.png,0\n");
  await assert.rejects(readPredictions(join(folder, "columns.csv")), /lacks the column logit, probability/);
  await writeFile(join(folder, "rows.csv"), "filename,label,logit,probability\n");
  await assert.rejects(readPredictions(join(folder, "rows.csv")), { code: "TABLE_EMPTY" });
});
