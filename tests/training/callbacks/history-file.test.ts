import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { RunDirectory } from "../../../src/runs/index";
import { HistoryFile } from "../../../src/training/index";
import { epochResult, watchedTrainer } from "../../support/epochs";
import { temporaryDirectory } from "../../support/temporary-directory";

const [first, second] = [epochResult(1, { rocAuc: 0.7 }), epochResult(2, { rocAuc: 0.8 })];

for (const [what, history, place, left, epochs, firstNote] of [
  ["a new run begins empty", [], { step: 0 }, "", [], "started"],
  ["a new run replaces what an earlier one left", [], { step: 0 }, '{"epoch":9}\n', [], "started"],
  [
    "a resumed run goes back to its checkpoint",
    [first],
    { step: 5, epoch: 1, batch: 2 },
    '{"epoch":1}\n{"epoch":2}\n{"epo',
    [1],
    "resumed at epoch 1, batch 2",
  ],
] as const) {
  test(what, async (context) => {
    const run = new RunDirectory(await temporaryDirectory(context));
    if (left) await writeFile(run.history, left);
    const file = new HistoryFile(run);
    await file.onStart(watchedTrainer({ ...place, history: [...history] }));
    await file.onEpochEnd(watchedTrainer(), second);
    const lines = (await readFile(run.history, "utf8")).trim().split("\n");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { epoch: number }).epoch),
      [...epochs, 2],
    );
    assert.deepEqual(JSON.parse(lines.at(-1) ?? ""), JSON.parse(JSON.stringify(second)));
    assert.deepEqual((await notes(run))[0], firstNote);
  });
}

for (const [what, tell, note] of [
  ["an epoch", (file: HistoryFile) => file.onEpochEnd(watchedTrainer(), second), /^epoch 2: loss .* AUC 0.800/],
  [
    "an interruption within an epoch",
    (file: HistoryFile) => file.onInterrupt(watchedTrainer({ epoch: 2, batch: 7 })),
    /^interrupted in epoch 3 after batch 7$/,
  ],
  [
    "an interruption between epochs",
    (file: HistoryFile) => file.onInterrupt(watchedTrainer({ epoch: 2 })),
    /^interrupted after epoch 2$/,
  ],
  ["the end", (file: HistoryFile) => file.onEnd(watchedTrainer({ epoch: 4 })), /^ended after epoch 4$/],
  [
    "why it stopped",
    (file: HistoryFile) => file.onEnd(watchedTrainer({ epoch: 4, stopReason: "it is enough" })),
    /^ended after epoch 4: it is enough$/,
  ],
] as const) {
  test(`the log tells of ${what}`, async (context) => {
    const run = new RunDirectory(await temporaryDirectory(context));
    const file = new HistoryFile(run);
    await file.onStart(watchedTrainer());
    await tell(file);
    assert.match((await notes(run)).at(-1) ?? "", note);
  });
}

/** The lines of the log without their times. */
async function notes(run: RunDirectory): Promise<string[]> {
  const lines = (await readFile(join(run.log), "utf8")).trim().split("\n");
  return lines.map((line) => line.replace(/^\S+Z /, ""));
}
