import assert from "node:assert/strict";
import { appendFile, cp, rm, utimes, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import {
  type BinaryMetrics,
  bestEpoch,
  binaryMetrics,
  chooseThreshold,
  compareModels,
  findRuns,
  labelsAndScores,
  measureRun,
  readRun,
  sigmoid,
  subgroupTable,
} from "../../src/evaluation/index";
import { predictedTiles } from "../support/predicted-tiles";
import { runFolder } from "../support/run-folder";
import { sharedDirectory } from "../support/temporary-directory";

test("a run is read and measured at the threshold of its configuration", async () => {
  const results = await readRun(await runFolder());
  assert.deepEqual([results.name, ...results.classes], ["mlp-small", "HP", "SSA"]);
  assert.deepEqual(results.threshold, { value: 0.4, rule: "recall>=0.9" });
  assert.deepEqual([results.validation.length, results.test.length, results.history.length], [432, 977, 3]);
  const { labels, scores } = labelsAndScores(predictedTiles(977, 1));
  assert.deepEqual(measureRun(results).test, binaryMetrics(labels, scores, { threshold: 0.4 }));
  assert.equal(bestEpoch(results), 2);
  assert.equal(bestEpoch({ history: results.history, config: { monitor: "loss" } }), 1);
});

test("the best epoch is that of the training's monitor, also for measures of the user's own", () => {
  const history = [0.9, 0.2, Number.NaN, 0.2].map((value, i) => ({
    epoch: i + 1,
    train: {},
    validation: { hitRate: value, falseNegativeRate: value, loss: null },
  }));
  const best = (monitor: string, monitorMode?: "min" | "max") =>
    bestEpoch({ history, config: { monitor, ...(monitorMode && { monitorMode }) } });
  assert.equal(best("hitRate"), 1, "more is better unless it is known or said otherwise");
  assert.equal(best("hitRate", "min"), 2);
  assert.equal(best("falseNegativeRate"), 2);
  assert.equal(best("loss"), 1, "without any number the first epoch is kept");
});

test("another rule chooses the threshold anew on validation, never on test", async () => {
  const results = await readRun(await runFolder(), { rule: { rule: "f1" } });
  const { labels, scores } = labelsAndScores(predictedTiles(432, 2));
  assert.equal(results.threshold.value, chooseThreshold(labels, scores, { rule: "f1" }).threshold);
  assert.equal(results.threshold.rule, "f1");
});

test("a folder with nothing but test predictions is measured at 0.5", async () => {
  const folder = await runFolder();
  for (const file of ["config.json", "history.jsonl", "predictions-validation.csv"]) await rm(join(folder, file));
  const results = await readRun(folder);
  assert.deepEqual(results.threshold, { value: 0.5 });
  const { test: measured, validation } = measureRun(results);
  assert.equal(measured?.n, 977);
  assert.equal(validation, undefined);
  assert.equal(bestEpoch(results), undefined);
  await assert.rejects(readRun(folder, { rule: { rule: "f1" } }), /predictions-validation\.csv/);
});

test("a rule that has nothing to choose on is not said to have chosen", async () => {
  const ones = predictedTiles(80).filter(({ label }) => label === 1);
  const folder = await runFolder({ validation: ones, config: { threshold: undefined, thresholdRule: undefined } });
  assert.deepEqual((await readRun(folder)).threshold, { value: 0.5 });
  await assert.rejects(readRun(folder, { rule: { rule: "f1" } }), {
    code: "THRESHOLD_ONE_CLASS",
    message: /one class/,
  });
});

test("images are ranked by their logits, of which all above 37 have the probability 1", async () => {
  const sure = predictedTiles(300, 4).map((row) => ({
    ...row,
    logit: 30 * row.logit,
    probability: sigmoid(30 * row.logit),
  }));
  assert.ok(sure.filter(({ probability }) => probability === 1).length > 30);
  const results = await readRun(await runFolder({ test: sure }));
  const { rocAuc, prAuc, rocAucCi95, accuracy } = measureRun(results).test as BinaryMetrics;
  const calm = predictedTiles(300, 4);
  const expected = binaryMetrics(
    calm.map(({ label }) => label),
    calm.map(({ probability }) => probability),
  );
  assert.deepEqual([rocAuc, prAuc, rocAucCi95], [expected.rocAuc, expected.prAuc, expected.rocAucCi95]);
  const tied = binaryMetrics(
    sure.map(({ label }) => label),
    sure.map(({ probability }) => probability),
    { threshold: 0.4 },
  );
  assert.notEqual(tied.rocAuc, rocAuc);
  assert.equal(tied.accuracy, accuracy, "the probability decides");
  assert.equal(subgroupTable(sure, () => "all", 0.4)[0]?.rocAuc, rocAuc);
  const itself = { predictions: sure, threshold: 0.4 };
  assert.ok(Math.abs(compareModels(itself, itself).delong.aucA - rocAuc) < 1e-12);
  // Logits that do not belong to the probabilities, such as those of another model, rank nothing.
  const foreign = calm.map((row, i) => ({ ...row, logit: i }));
  assert.deepEqual(
    [...labelsAndScores(foreign).logits].map(sigmoid).map((p) => p.toFixed(9)),
    calm.map(({ probability }) => probability.toFixed(9)),
  );
});

test("a run that is not there or not finished is said to be so", async () => {
  await assert.rejects(readRun("/absent/run"), { code: "RUN_MISSING" });
  await assert.rejects(readRun(sharedDirectory()), { code: "RUN_UNFINISHED" });
});

test("a history whose last line a crash cut off is read up to there", async () => {
  const folder = await runFolder();
  await appendFile(join(folder, "history.jsonl"), '{"epoch": 4, "tra');
  assert.equal((await readRun(folder)).history.length, 3);
  await appendFile(join(folder, "history.jsonl"), '\n{"epoch": 5}\n');
  await assert.rejects(readRun(folder), /line 4 is not JSON/);
});

test("finished runs are found below a folder, the newest first", async () => {
  const runs = sharedDirectory();
  const folder = await runFolder();
  const names = ["old", "notebooks/04/new", "unfinished"];
  for (const [i, name] of names.entries()) {
    await cp(folder, join(runs, name), { recursive: true });
    await utimes(join(runs, name, "predictions-test.csv"), 1000 + i, 1000 + i);
  }
  await rm(join(runs, "unfinished", "predictions-test.csv"));
  assert.deepEqual(await findRuns(runs), [join(runs, "notebooks/04/new"), join(runs, "old")]);
  assert.deepEqual(await findRuns(join(runs, "absent")), []);

  await writeFile(join(runs, "old", "config.json"), JSON.stringify({ data: resolve("tiles"), classes: ["a", "b"] }));
  assert.deepEqual(await findRuns(runs, { data: "tiles/" }), [join(runs, "old")], "on a data set");
  assert.deepEqual(await findRuns(runs, { data: "tiles", positive: "b" }), [join(runs, "old")]);
  assert.deepEqual(await findRuns(runs, { data: "tiles", positive: "a" }), []);
});
