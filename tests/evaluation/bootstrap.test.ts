import assert from "node:assert/strict";
import { test } from "node:test";
import {
  binaryMetrics,
  bootstrap,
  delongInterval,
  logitInterval,
  metricIntervals,
  quantile,
  rankRows,
  rocAucInterval,
  rocAucOf,
} from "../../src/evaluation/index";
import { Random } from "../../src/random/index";
import { runPython, withoutPython } from "../support/python";
import { randomRows } from "../support/scored-rows";

test("2,000 resamples of 1,000 rows take less than a second", () => {
  const { labels, scores } = randomRows(31, 1000);
  const started = performance.now();
  const [low, high] = rocAucInterval(labels, scores, { resamples: 2000 });
  assert.ok(performance.now() - started < 1000);
  assert.ok(low < high);
});

test("the interval is that of resampling rows and calling scikit-learn, up to chance", {
  skip: withoutPython(),
}, () => {
  const { labels, scores } = randomRows(32, 200, { signal: 0.12, steps: 50 });
  const [low, high] = rocAucInterval(labels, scores, { resamples: 4000 });
  const program = `
import json, sys, numpy as np
from sklearn.metrics import roc_auc_score
rows = json.load(sys.stdin)
y, s = np.array(rows["labels"]), np.array(rows["scores"])
rng = np.random.default_rng(0)
draws = rng.integers(0, len(y), (2000, len(y)))
print(json.dumps(np.percentile([roc_auc_score(y[d], s[d]) for d in draws], [2.5, 97.5]).tolist()))`;
  const [peerLow, peerHigh] = runPython<[number, number]>(program, { labels, scores });
  assert.ok(Math.abs(low - peerLow) < 0.01, `low ${low}, peer ${peerLow}`);
  assert.ok(Math.abs(high - peerHigh) < 0.01, `high ${high}, peer ${peerHigh}`);
});

test("the interval covers the true value about as often as it says", () => {
  // Normal scores one standard deviation apart: the true area is Phi(1 / sqrt 2).
  const truth = 0.7602499;
  let covered = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { labels, scores } = randomRows(1000 + seed, 150, { signal: 0.1 });
    const logits = scores.map((score) => Math.log((score + 1e-9) / (1 - score + 1e-9)));
    const [low, high] = rocAucInterval(labels, logits, { resamples: 400, seed });
    if (low <= truth && truth <= high) covered++;
  }
  assert.ok(covered >= 180 && covered <= 199, `covered ${covered} of 200`);
});

test("the same seed gives the same interval, another seed a slightly different one", () => {
  const { labels, scores } = randomRows(33, 100);
  assert.deepEqual(rocAucInterval(labels, scores), rocAucInterval(labels, scores));
  assert.notDeepEqual(rocAucInterval(labels, scores), rocAucInterval(labels, scores, { seed: 1 }));
});

test("each resample holds as many rows as the set", () => {
  const { labels, scores } = randomRows(34, 60, { steps: 5 });
  const { rows } = bootstrap(rankRows(labels, scores), ({ positives, negatives }) => {
    const all = [...Array.from(positives), ...Array.from(negatives)];
    return { rows: all.reduce((sum, count) => sum + count, 0) };
  });
  assert.deepEqual(rows, [60, 60]);
});

test("tiny and one-class sets give an interval or say that there is none", () => {
  assert.deepEqual(rocAucInterval([1, 1], [0.2, 0.3]), [Number.NaN, Number.NaN]);
  const [low, high] = rocAucInterval([0, 1], [0.2, 0.3]);
  assert.ok(Math.abs(low - 0.025) < 1e-12 && high === 1, `${low} to ${high}`); // resamples with one class are left out
  assert.equal(binaryMetrics([0, 1], [0.2, 0.3]).rocAuc, 1);
  assert.ok(Number.isNaN(rocAucOf({ positives: [0], negatives: [2] })));
});

test("without a single error, as many are possible as Clopper and Pearson cannot exclude", () => {
  const labels = [1, 1, 1, 1, 1, 1, ...new Array<number>(30).fill(0)];
  const scores = labels.map((label, i) => (label ? 0.9 : i / 100));
  const lowest = (n: number) => 0.025 ** (1 / n);
  const near = (found: readonly [number, number], expected: readonly [number, number]) =>
    assert.ok(
      found.every((end, i) => Math.abs(end - (expected[i] as number)) < 1e-9),
      `${found} is not ${expected}`,
    );
  near(rocAucInterval(labels, scores), [lowest(6), 1]);
  const { recall, specificity, precision, falseNegativeRate, prAuc, f1, rocAuc } = metricIntervals(labels, scores);
  near(recall, [lowest(6), 1]);
  near(specificity, [lowest(30), 1]);
  near(rocAuc, [lowest(6), 1]);
  near(falseNegativeRate, [0, 1 - lowest(6)]);
  near(f1, [(2 * lowest(6)) / (1 + lowest(6)), 1]);
  near(precision, [6 / (6 + 30 * (1 - lowest(30))), 1]);
  assert.ok(prAuc[0] < 0.65 && prAuc[1] === 1);
  const groups = Uint32Array.from(labels, (label, i) => (label ? i % 2 : 2 + (i % 5)));
  near(rocAucInterval(labels, scores, { groups }), [lowest(2), 1]);
  const none = metricIntervals(labels, scores, { threshold: 0.95 });
  near(none.recall, [0, 1 - lowest(6)]);
  near(none.specificity, [lowest(30), 1]);
});

test("scores that are all equal have an area of one half for certain", () => {
  assert.deepEqual(rocAucInterval([0, 0, 1, 1, 1], [0.5, 0.5, 0.5, 0.5, 0.5]), [0.5, 0.5]);
});

test("the interval of a recall covers the true one, also on few positives", () => {
  const random = new Random(9, "recall");
  let covered = 0;
  for (let seed = 0; seed < 300; seed++) {
    const labels = Array.from({ length: 40 }, (_, i) => Number(i < 8));
    const scores = labels.map((label) => (random.chance(0.9) ? label : 1 - label));
    const [low, high] = metricIntervals(labels, scores, { resamples: 200, seed }).recall;
    if (low <= 0.9 && 0.9 <= high) covered++;
  }
  assert.ok(covered >= 270, `covered ${covered} of 300`);
});

test("a recall without errors leaves balanced accuracy and F1 as uncertain as it is", () => {
  const random = new Random(10, "balanced");
  let covered = 0;
  for (let seed = 0; seed < 200; seed++) {
    const labels = Array.from({ length: 40 }, (_, i) => Number(i < 6));
    const scores = labels.map((label) => (random.chance(0.9) ? label : 1 - label));
    const { balancedAccuracy, rocAuc } = metricIntervals(labels, scores, { resamples: 200, seed });
    if (balancedAccuracy[0] <= 0.9 && 0.9 <= balancedAccuracy[1]) covered++;
    assert.ok(rocAuc[1] <= 1);
  }
  assert.ok(covered >= 180, `covered ${covered} of 200`);
});

test("the interval of an area near 1 covers it on the logit scale", () => {
  const random = new Random(11, "areas");
  // Normal scores 2.5 deviations apart: the true area is Phi(2.5 / sqrt 2).
  const truth = 0.961454;
  const covered = { logit: 0, plain: 0 };
  for (let sample = 0; sample < 400; sample++) {
    const labels = Array.from({ length: 40 }, (_, i) => Number(i < 6));
    const scores = labels.map((label) => random.normal() + 2.5 * label);
    const area = delongInterval(labels, scores);
    const holds = ([low, high]: readonly [number, number]) => low <= truth && truth <= high;
    if (holds(logitInterval(labels, area))) covered.logit++;
    if (holds(area.ci95)) covered.plain++;
  }
  assert.ok(covered.logit >= 368 && covered.plain < 320, JSON.stringify(covered));
  const labels = [0, 0, 0, 1, 1];
  const perfect = { auc: 1, standardError: 0 };
  assert.deepEqual(
    logitInterval(labels, perfect).map((end) => end.toFixed(3)),
    ["0.158", "1.000"],
  );
  assert.deepEqual(logitInterval(labels, { auc: 0.5, standardError: 0 }), [0.5, 0.5]);
});

test("quantiles interpolate like NumPy's", () => {
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
  assert.equal(quantile([1, 2, 3, 4], 0.25), 1.75);
  assert.equal(quantile([5], 0.9), 5);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
