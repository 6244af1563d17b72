/** Intervals hold the true value about as often as they say, with few and with many rows, and equal those of other programs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  binaryMetrics,
  delongTest,
  type IntervalName,
  meanInterval,
  metricIntervals,
  pairedDifferences,
  rocAucOf,
  shareInterval,
} from "../../src/evaluation/index";
import { Random } from "../../src/random/index";
import { runPython, withoutPython } from "../support/python";
import { delongInterval, randomRows } from "../support/scored-rows";

/** Normal scores of positives and negatives, and their true values. */
interface Population {
  readonly positives: number;
  readonly negatives: number;
  /** Mean and deviation of the positives; the negatives' are 0 and 1. */
  readonly mean: number;
  readonly deviation: number;
  readonly truth: Partial<Record<IntervalName, number>>;
}

/** The true average precision is E[precision at a positive's score], integrated numerically by SciPy. */
const POPULATIONS: readonly Population[] = [
  {
    positives: 6,
    negatives: 30,
    mean: 1.8124,
    deviation: 1,
    truth: { rocAuc: 0.9, prAuc: 0.7005, recall: 0.7918, specificity: 0.8413 },
  },
  {
    positives: 6,
    negatives: 194,
    mean: 2.4758,
    deviation: 1,
    truth: { rocAuc: 0.96, prAuc: 0.6374, recall: 0.93, specificity: 0.8413 },
  },
  {
    positives: 10,
    negatives: 10,
    mean: 3.069,
    deviation: 1,
    truth: { rocAuc: 0.985, prAuc: 0.9853, recall: 0.9807, specificity: 0.8413 },
  },
  {
    positives: 20,
    negatives: 20,
    mean: 0.3583,
    deviation: 1,
    truth: { rocAuc: 0.6, prAuc: 0.5886, recall: 0.2605, specificity: 0.8413 },
  },
  {
    positives: 30,
    negatives: 170,
    mean: 1.5082,
    deviation: 2,
    truth: { rocAuc: 0.75, prAuc: 0.5831, recall: 0.6002, specificity: 0.8413 },
  },
  {
    positives: 100,
    negatives: 100,
    mean: 1.8124,
    deviation: 1,
    truth: { rocAuc: 0.9, prAuc: 0.8999, recall: 0.7918, specificity: 0.8413 },
  },
];
const SAMPLES = 400;

const holds = ([low, high]: readonly [number, number], truth: number) => low <= truth && truth <= high;
const logistic = (score: number) => 1 / (1 + Math.exp(-score));

function drawn(random: Random, { positives, negatives, mean, deviation }: Population) {
  const labels = Array.from({ length: positives + negatives }, (_, i) => Number(i < positives));
  return { labels, scores: labels.map((label) => (label ? mean + deviation * random.normal() : random.normal())) };
}

test("intervals cover the true value in 93 % of the samples or more, also with six positives", () => {
  const random = new Random(41, "coverage");
  for (const population of POPULATIONS) {
    const { recall = 0, specificity = 0 } = population.truth;
    const truth = { ...population.truth, balancedAccuracy: (recall + specificity) / 2 };
    const covered: Record<string, number> = {};
    for (let sample = 0; sample < SAMPLES; sample++) {
      const { labels, scores } = drawn(random, population);
      const found = metricIntervals(labels, scores.map(logistic), { threshold: logistic(1) });
      for (const [name, value] of Object.entries(truth)) {
        covered[name] = (covered[name] ?? 0) + Number(holds(found[name as IntervalName], value));
      }
    }
    for (const [name, count] of Object.entries(covered)) {
      // Two standard errors of 400 samples below 0.93.
      assert.ok(count >= 0.905 * SAMPLES, `${name} of ${JSON.stringify(population)}: ${count} of ${SAMPLES}`);
    }
  }
});

test("the interval of a difference covers it, also of areas near 1 on few positives", () => {
  const random = new Random(42, "differences");
  let [covered, plain] = [0, 0];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const labels = Array.from({ length: 200 }, (_, i) => Number(i < 6));
    const shared = labels.map(() => random.normal());
    const model = (mean: number) =>
      labels.map((y, i) => mean * y + 0.8 * (shared[i] as number) + 0.6 * random.normal());
    // True areas 0.98 and 0.93.
    const { difference, standardError, ci95 } = delongTest(labels, model(2.9044), model(2.0871));
    if (holds(ci95, 0.05)) covered++;
    if (Math.abs(difference - 0.05) <= 1.96 * standardError) plain++;
  }
  assert.ok(covered >= 0.93 * SAMPLES, `${covered} of ${SAMPLES}`);
  assert.ok(plain < 0.85 * SAMPLES, `the standard error alone covers ${plain} of ${SAMPLES}`);
});

test("few patients with many alike images cover the true area too", () => {
  const random = new Random(43, "patients");
  let [covered, alone] = [0, 0];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const patients = Array.from({ length: 30 }, (_, patient) => ({ patient, level: 0.6 * random.normal() }));
    const rows = patients.flatMap(({ patient, level }) =>
      Array.from({ length: 2 + random.integer(9) }, () => {
        const label = Number(patient < 10);
        return { label, patient, score: 1.8124 * label + level + 0.8 * random.normal() };
      }),
    );
    const [labels, scores] = [rows.map(({ label }) => label), rows.map(({ score }) => score)];
    const groups = Uint32Array.from(rows, ({ patient }) => patient);
    if (holds(delongInterval(labels, scores, groups).ci95, 0.9)) covered++;
    if (holds(delongInterval(labels, scores).ci95, 0.9)) alone++;
  }
  assert.ok(covered >= 0.91 * SAMPLES && alone < 0.9 * SAMPLES, `${covered} with patients, ${alone} without`);
});

test("the interval of an area solves Newcombe's equation, and that of a share is Wilson's", {
  skip: withoutPython(),
}, async () => {
  const cases = [3, 4, 5].map((seed) => randomRows(seed, 40 * seed, { signal: 0.12, steps: 30 }));
  const program = `
import json, sys, numpy as np
from scipy.optimize import brentq
from scipy.stats import binomtest, norm
from sklearn.metrics import roc_auc_score
out = []
for case in json.load(sys.stdin):
    y, s = np.array(case["labels"]), np.array(case["scores"])
    m, n, auc, z = int(y.sum()), int((1 - y).sum()), roc_auc_score(y, s), norm.ppf(0.975)
    model = lambda t: t * (1 - t) * (1 + ((m + n) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t))) / (m * n)
    pairs = (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])
    delong = pairs.mean(1).var(ddof=1) / m + pairs.mean(0).var(ddof=1) / n
    equation = lambda t: (auc - t) ** 2 - z * z * max(1, delong / model(auc)) * model(t)
    ends = [brentq(equation, 1e-9, auc), brentq(equation, auc, 1 - 1e-9)]
    wilson = binomtest(int(((s >= 0.5) == (y == 1)).sum()), m + n).proportion_ci(method="wilson")
    out.append(ends + [wilson.low, wilson.high])
print(json.dumps(out))`;
  const peers = await runPython<number[][]>(program, cases);
  cases.forEach(({ labels, scores }, i) => {
    const { rocAuc, accuracy } = metricIntervals(labels, scores);
    for (const [k, end] of [...rocAuc, ...accuracy].entries()) {
      assert.ok(Math.abs(end - (peers[i]?.[k] as number)) < 1e-9, `case ${i}, end ${k}: ${end}, ${peers[i]?.[k]}`);
    }
  });
});

test("tiny and one-class sets give an interval or say that there is none", () => {
  assert.deepEqual(delongInterval([1, 1], [0.2, 0.3]).ci95, [Number.NaN, Number.NaN]);
  const [low, high] = delongInterval([0, 1], [0.2, 0.3]).ci95;
  assert.ok(low > 0.1 && low < 0.3 && high === 1, `${low} to ${high}`);
  assert.equal(binaryMetrics([0, 1], [0.2, 0.3]).rocAuc, 1);
  assert.ok(Number.isNaN(rocAucOf({ positives: [0], negatives: [2] })));
  const none = metricIntervals([0, 0, 0], [0.1, 0.6, 0.9]);
  assert.deepEqual(none.recall, [0, 1]);
  assert.deepEqual(none.balancedAccuracy, none.specificity);
  assert.deepEqual(none.falseNegativeRate, [Number.NaN, Number.NaN]);
});

test("without a single error, more rows make more certain, but never certain", () => {
  const perfect = (positives: number, groups?: number) => {
    const labels = Array.from({ length: positives + 30 }, (_, i) => Number(i < positives));
    const rows = Uint32Array.from(labels, (label, i) => (groups ? 100 * label + (i % groups) : i));
    return metricIntervals(labels, labels, groups ? { groups: rows } : {});
  };
  for (const name of ["rocAuc", "prAuc", "recall", "precision", "f1", "balancedAccuracy", "weightedF1"] as const) {
    const lows = [perfect(30, 2), perfect(6), perfect(30), perfect(300)].map((found) => found[name][0]);
    assert.ok(
      lows.every((low, i) => low < (lows[i + 1] ?? 1)),
      `${name}: ${lows}`,
    );
  }
  assert.deepEqual(perfect(6).recall, shareInterval(1, 6));
});

test("scores that are all equal have an area of one half for certain", () => {
  assert.deepEqual(delongInterval([0, 0, 1, 1, 1], [0.5, 0.5, 0.5, 0.5, 0.5]).ci95, [0.5, 0.5]);
});

test("a model against itself differs by nothing for certain", () => {
  const { labels, scores } = randomRows(36, 80);
  const same = { scores, threshold: 0.5 };
  for (const { ci95 } of Object.values(pairedDifferences(labels, same, same))) assert.deepEqual(ci95, [0, 0]);
});

test("the interval of a mean loss covers it although few large losses decide", () => {
  const random = new Random(44, "losses");
  let covered = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const losses = Float64Array.from({ length: 40 }, () => -Math.log(1 - random.next()));
    if (holds(meanInterval(losses), 1)) covered++;
  }
  assert.ok(covered >= 0.92 * SAMPLES && covered < SAMPLES, `${covered} of ${SAMPLES}`);
});

test("the interval of a mean loss is as wide as whole patients require", () => {
  const random = new Random(45, "losses");
  const groups = Uint32Array.from({ length: 80 }, (_, row) => row >> 3);
  let [covered, alone] = [0, 0];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const ofPatients = Float64Array.from({ length: 10 }, () => -Math.log(1 - random.next()) / 2);
    const losses = Float64Array.from(
      groups,
      (group) => (ofPatients[group] as number) - Math.log(1 - random.next()) / 2,
    );
    if (holds(meanInterval(losses, groups), 1)) covered++;
    if (holds(meanInterval(losses), 1)) alone++;
  }
  assert.ok(covered >= 0.92 * SAMPLES && alone < 0.85 * SAMPLES, `${covered} and ${alone} of ${SAMPLES}`);
  const losses = Float64Array.from({ length: 40 }, () => random.next());
  const each = Uint32Array.from(losses.keys());
  assert.deepEqual(meanInterval(losses, each), meanInterval(losses), "groups of one");
  assert.deepEqual(meanInterval(losses, new Uint32Array(40)), [0, Number.POSITIVE_INFINITY], "a single group");
});
