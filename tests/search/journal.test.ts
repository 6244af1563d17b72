import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { leaderboardOf, SearchJournal, stopsAt } from "../../src/search/index";
import { meritOf } from "../../src/search/objective";
import { temporaryDirectory } from "../support/temporary-directory";

test("at a rung only the best of those that got there go on, and a resumed trial gets the same answer", () => {
  const halving = { minimumEpochs: 1, reduction: 3 };
  const rung = (trial: number, merit: number, stop = false) =>
    ({ type: "rung", trial, epoch: 3, merit, stop }) as const;
  const known = [rung(0, 0.5), rung(1, 0.6), rung(2, 0.7), rung(3, 0.4, true)];
  assert.equal(stopsAt(halving, known.slice(0, 1), rung(5, 0.1)), false, "too few to compare");
  assert.equal(stopsAt(halving, known, rung(5, 0.8)), false);
  assert.equal(stopsAt(halving, known, rung(5, 0.65)), true);
  assert.equal(stopsAt(halving, known, rung(3, 0.9)), true);
});

test("ties go to the smaller network", () => {
  const outcome = (value: number, parameters: number) => ({
    ...{ value, parameters, interval: [0.7, 0.9] as const, architecture: "", epochs: 1, bestEpoch: 1, seconds: 1 },
    stoppedEarly: false,
  });
  const trials = [outcome(0.8, 300), outcome(0.8, 200), outcome(0.7, 10)].map((one, trial) => ({
    ...{ trial, settings: {}, outcome: one },
  }));
  const ranked = (metric: string, mode: "min" | "max") =>
    leaderboardOf(trials, { metric, mode }).map(({ trial }) => trial);
  assert.deepEqual(ranked("rocAuc", "max"), [1, 0, 2]);
  assert.deepEqual(ranked("loss", "min"), [2, 1, 0]);
});

test("a journal whose last line was cut off by a crash is read up to there", async (context) => {
  const path = join(await temporaryDirectory(context), "journal.jsonl");
  const first = await SearchJournal.open(path);
  await first.append({ type: "started", trial: 0, settings: { lr: 1 } });
  await first.close();
  await appendFile(path, '{"type":"finished","tri');
  const second = await SearchJournal.open(path);
  assert.deepEqual(second.trials, [{ trial: 0, settings: { lr: 1 } }]);
  await second.append({ type: "failed", trial: 0, reason: "diverged" });
  await second.close();
  const third = await SearchJournal.open(path);
  assert.equal(third.trials[0]?.failure, "diverged");
  await third.close();
});

test("a trial without a value is below all others, also in a journal that is read again", async (context) => {
  const path = join(await temporaryDirectory(context), "journal.jsonl");
  const first = await SearchJournal.open(path);
  await first.append({ type: "rung", trial: 0, epoch: 1, merit: Number.NaN, stop: true });
  await first.close();
  const second = await SearchJournal.open(path);
  await second.close();
  const halving = { minimumEpochs: 1, reduction: 2 };
  const unknown = JSON.parse(JSON.stringify(Number.NaN));
  for (const { rungs } of [first, second]) {
    assert.equal(stopsAt(halving, rungs, { trial: 1, epoch: 1, merit: -0.4 }), false, "a loss of 0.4");
    assert.equal(stopsAt(halving, rungs, { trial: 1, epoch: 1, merit: unknown }), true);
  }
  for (const mode of ["min", "max"] as const) assert.ok(Number.isNaN(meritOf(unknown, { metric: "loss", mode })));
});

test("a journal that could not be written can be closed", async (context) => {
  const path = join(await temporaryDirectory(context), "journal.jsonl");
  const journal = await SearchJournal.open(path);
  const settings: Record<string, unknown> = {};
  settings.self = settings;
  await assert.rejects(journal.append({ type: "started", trial: 0, settings }), TypeError);
  await journal.close();
});

test("a journal with a damaged line is refused, with its number and what to do, and stays as it was", async (context) => {
  const path = join(await temporaryDirectory(context), "journal.jsonl");
  const journal = await SearchJournal.open(path);
  for (const trial of [0, 1]) await journal.append({ type: "started", trial, settings: {} });
  await journal.append({ type: "failed", trial: 1, reason: "none" });
  await journal.close();
  const lines = (await readFile(path, "utf8")).split("\n");
  const [first = "", second = "", third = ""] = lines;
  for (const [wrong, at] of [
    [[first, "\0\0\0", third], 2],
    [[first, "null", third], 2],
    [[first, third], 2],
    [[second, third], 1],
  ] as const) {
    const text = `${wrong.join("\n")}\n`;
    await writeFile(path, text);
    const message = new RegExp(`line ${at} .*--run`);
    await assert.rejects(SearchJournal.open(path), { code: "SEARCH_JOURNAL_DAMAGED", message });
    assert.equal(await readFile(path, "utf8"), text);
  }
});
