import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LATEST_READING } from "../../src/dataset/index";
import type { CrossValidation } from "../../src/experiments/index";
import { readJson, writeJson } from "../../src/files/index";
import type { RunConfig } from "../../src/runs/index";
import { setWithFolds } from "../support/data-sets";
import { histoHere, histoJsonHere } from "../support/histo";

/** Of `histo evaluate --json`. */
interface Evaluated extends Pick<CrossValidation, "folds"> {
  readonly validation: { readonly n: number };
  readonly overFolds: Pick<CrossValidation, "validation" | "test">;
  readonly cautions: readonly string[];
  readonly report: string;
}

/** Without the paths of the runs. */
const metricsOf = (folds: CrossValidation["folds"]) =>
  folds.map(({ fold, validation, test }) => [fold, validation, test]);

const options = ["--model", "colour", "--epochs", "2", "--size", "16", "--no-track", "--quiet"];

test("--fold all trains on each fold in turn, summarizes, and keeps what is finished", async (context) => {
  const data = await setWithFolds(context);
  process.env.HISTO_CACHE = join(data, "cache");
  const place = ["--data", data, "--run", join(data, "run"), "--fold", "all", "--export", "none", ...options];
  const result = await histoJsonHere<CrossValidation>("train", ...place);
  const { folds, validation, test } = result;
  assert.deepEqual(
    folds.map(({ fold, validation, test }) => [fold, validation.n, test.n]),
    [
      ["0", 8, 6],
      ["1", 8, 6],
      ["2", 8, 6],
    ],
  );
  const areas = folds.map((fold) => fold.validation.rocAuc);
  const mean = areas.reduce((sum, area) => sum + area, 0) / 3;
  const std = Math.sqrt(areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / 2);
  const { rocAuc } = validation;
  assert.ok(rocAuc && Math.abs(rocAuc.mean - mean) < 1e-12 && Math.abs((rocAuc.std ?? 9) - std) < 1e-12);
  assert.deepEqual([rocAuc.min, rocAuc.max], [Math.min(...areas), Math.max(...areas)]);
  assert.ok(test.accuracy);
  const outOfFold = (await readFile(join(data, "run", "predictions-validation.csv"), "utf8")).trimEnd().split("\n");
  assert.equal(new Set(outOfFold.slice(1).map((line) => line.split(",")[0])).size, 24);
  assert.ok(existsSync(join(data, "run", "fold-2", "predictions-test.csv")));
  const started = performance.now();
  const { status, stdout } = await histoHere("train", ...place);
  assert.equal(status, 0);
  assert.match(stdout, /^fold +validation AUC .*\n-.*\n +0 .*\n +1 .*\n +2 .*\nmean .*\nstd .*\nRun /);
  assert.ok(performance.now() - started < 10_000, "finished folds were trained again");
  const evaluate = ["evaluate", "--no-track", "--run", join(data, "run")];
  const pooled = await histoJsonHere<Evaluated>(...evaluate, "--report");
  assert.equal(pooled.validation.n, 24);
  assert.deepEqual(metricsOf(pooled.folds), metricsOf(folds));
  assert.deepEqual(pooled.overFolds, { validation, test }, "a mean of the folds, not a measure of several models");
  const caution = pooled.cautions.find((text) => text.startsWith("The predictions are of 3 models"));
  assert.ok(
    caution?.includes(`the ROC AUC is ${mean.toFixed(3)} (mean, standard deviation ${std.toFixed(3)})`),
    caution,
  );
  assert.doesNotMatch(pooled.cautions.join(), /no test predictions/);
  assert.ok(!("temperature" in pooled) && caution?.includes("no temperature is fitted"), "one for several models");
  for (const [one, other] of [
    ["run", "run/fold-0"],
    ["run/fold-0", "run"],
  ] as const) {
    const against = await histoHere("evaluate", "--no-track", "--run", join(data, one), "--against", join(data, other));
    assert.deepEqual(
      [against.status, /a model for each fold.*compare the run of one fold/.test(against.stderr)],
      [2, true],
    );
  }
  assert.ok((await readFile(pooled.report, "utf8")).includes(caution ?? ""));
  assert.match(
    (await histoHere(...evaluate)).stdout,
    /^fold .*\n(.*\n){4}mean .*\nstd .*\n\nThe validation images of all folds/,
  );
  const f1 = await histoJsonHere<Evaluated>(...evaluate, "--threshold-rule", "f1");
  for (const [i, { validation }] of f1.folds.entries()) assert.ok(validation.f1 >= folds[i]!.validation.f1);
  assert.notDeepEqual(f1.folds, pooled.folds, "the rule chooses a threshold for each fold");
  await rm(join(data, "run", "predictions-validation.csv"));
  assert.equal((await histoJsonHere<Evaluated>(...evaluate)).validation.n, 24, "those of the folds");
  const named = [
    ["export", "--run"],
    ["explain", "--images", data, "--model"],
  ];
  for (const words of named) {
    const { status, stderr } = await histoHere(...words, join(data, "run"), "--out", join(data, "out"));
    assert.deepEqual([status, /is a cross-validation, .* of one of them/.test(stderr)], [2, true], stderr);
  }
  await rm(join(data, "run", "fold-1"), { recursive: true });
  const { status: absent, stderr } = await histoHere(...evaluate);
  assert.equal(absent, 2);
  assert.match(stderr, /is a cross-validation of 3 folds without the run of fold 1 \(.*fold-1\): .* or repeat/);
});

test("all folds read the data set as the version did that began the first", async (context) => {
  const data = await setWithFolds(context);
  process.env.HISTO_CACHE = join(data, "cache");
  const run = join(data, "run");
  const place = ["--data", data, "--run", run, "--folds", "2", "--export", "none", ...options];
  await histoJsonHere<CrossValidation>("train", ...place);
  const config = join(run, "fold-1", "config.json");
  const { reading, ...earlier } = await readJson<RunConfig>(config);
  await writeJson(config, earlier);
  // Stopped in the first fold.
  await rm(join(run, "fold-1", "process.json"));
  await rm(join(run, "fold-1", "metrics.json"));
  await rm(join(run, "fold-2"), { recursive: true });
  const { validation } = await histoJsonHere<CrossValidation>("train", ...place);
  const configs = ["fold-1", "fold-2"].map((fold) => readJson<RunConfig>(join(run, fold, "config.json")));
  const read = (await Promise.all(configs)).map((each) => each.reading);
  assert.deepEqual([reading, ...read], [LATEST_READING, 1, 1]);
  assert.ok(validation.rocAuc);
  const images = (await readFile(join(run, "predictions-validation.csv"), "utf8")).trimEnd().split("\n").slice(1);
  assert.equal(new Set(images.map((line) => line.split(",")[0])).size, 24);
});
