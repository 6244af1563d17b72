import assert from "node:assert/strict";
import { test } from "node:test";
import { binaryMetrics, confusionAt, decisionMetrics } from "../../src/evaluation/index";
import { ownTime } from "../support/own-time";
import { runPython, withoutPython } from "../support/python";
import { allRows, randomRows } from "../support/scored-rows";

const SCIKIT_LEARN = `
import json, sys, numpy as np
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

def ece(y, s):
    share, mean = calibration_curve(y, s, n_bins=15) if len(set(y)) > 1 else (None, None)
    edges = np.linspace(0, 1, 16)
    bins = np.searchsorted(edges[1:-1], s)
    counts = np.bincount(bins, minlength=15)
    if share is None:
        share = np.array([y[bins == b].mean() for b in range(15) if counts[b]])
        mean = np.array([s[bins == b].mean() for b in range(15) if counts[b]])
    return float((counts[counts > 0] * abs(share - mean)).sum() / len(y))

out = []
for rows in json.load(sys.stdin):
    for t in rows["thresholds"]:
        y, s = np.array(rows["labels"]), np.array(rows["scores"])
        p = (s >= t).astype(int)
        tn, fp, fn, tp = m.confusion_matrix(y, p, labels=[0, 1]).ravel()
        out.append({
            "rocAuc": m.roc_auc_score(y, s), "prAuc": m.average_precision_score(y, s),
            "accuracy": m.accuracy_score(y, p), "balancedAccuracy": m.balanced_accuracy_score(y, p),
            "precision": m.precision_score(y, p), "recall": m.recall_score(y, p),
            "specificity": m.recall_score(y, p, pos_label=0), "f1": m.f1_score(y, p),
            "weightedPrecision": m.precision_score(y, p, average="weighted"),
            "weightedRecall": m.recall_score(y, p, average="weighted"),
            "weightedF1": m.f1_score(y, p, average="weighted"),
            "falseNegativeRate": fn / (fn + tp) if fn + tp else float("nan"),
            "brier": m.brier_score_loss(y, s, pos_label=1), "expectedCalibrationError": ece(y, s),
            "tp": int(tp), "fp": int(fp), "tn": int(tn), "fn": int(fn),
        })
print(json.dumps(out))
`;

test("every measure equals scikit-learn's to 1e-9, on random, tied, tiny and one-class sets", {
  skip: withoutPython(),
}, async () => {
  const thresholds = [0, 0.25, 0.5, 0.7, 1];
  const expected = await runPython<Record<string, number | null>[]>(
    SCIKIT_LEARN,
    allRows.map((rows) => ({ ...rows, thresholds })),
  );
  const cases = allRows.flatMap((rows) => thresholds.map((threshold) => ({ ...rows, threshold })));
  assert.equal(expected.length, cases.length);
  cases.forEach(({ name, labels, scores, threshold }, i) => {
    const { confusion, ...metrics } = binaryMetrics(labels, scores, { threshold, interval: false });
    const ours: Record<string, unknown> = { ...metrics, ...confusion };
    for (const [key, value] of Object.entries(expected[i] ?? {})) {
      const got = ours[key] as number;
      const close = value === null ? Number.isNaN(got) : Math.abs(got - value) <= 1e-9;
      assert.ok(close, `${name}, threshold ${threshold}: ${key} is ${got}, scikit-learn says ${value}`);
    }
  });
});

test("published figures of MHIST follow from their counts", () => {
  // The public ViT on the 977 test tiles (617 HP, 360 SSA): recall 0.900, specificity 0.653 at a threshold of 0.5.
  const vit = decisionMetrics({ tp: 324, fn: 36, tn: 403, fp: 214 });
  assert.equal(vit.accuracy.toFixed(3), "0.744");
  assert.equal(vit.balancedAccuracy.toFixed(3), "0.777");
  // Calling everything hyperplastic is right for 63.15 % of them.
  const floor = decisionMetrics({ tp: 0, fn: 360, tn: 617, fp: 0 });
  assert.equal(floor.accuracy.toFixed(4), "0.6315");
  assert.equal(floor.balancedAccuracy, 0.5);
  assert.equal(floor.f1, 0);
});

test("a measure that does not exist is NaN, and null in JSON", () => {
  const metrics = binaryMetrics([0, 0, 0], [0.1, 0.6, 0.9]);
  assert.ok(Number.isNaN(metrics.rocAuc));
  const json = JSON.parse(JSON.stringify(metrics));
  assert.equal(json.rocAuc, null);
  assert.deepEqual(json.rocAucCi95, [null, null]);
  assert.equal(json.falseNegativeRate, null);
  assert.equal(json.balancedAccuracy, 1 / 3);
});

test("a score equal to the threshold is called positive", () => {
  assert.deepEqual(confusionAt([1, 0, 1], [0.5, 0.5, 0.49], 0.5), { tp: 1, fp: 1, tn: 0, fn: 1 });
});

test("logits rank as they are and are judged through the sigmoid", () => {
  const labels = [0, 1, 1, 0];
  const logits = [-60, 50, 45, 40]; // as probabilities the last three would all be 1
  const metrics = binaryMetrics(labels, logits, { logits: true, interval: false });
  assert.equal(metrics.rocAuc, 1);
  assert.deepEqual(metrics.confusion, { tp: 2, fp: 1, tn: 1, fn: 0 });
  assert.ok(metrics.brier <= 1);
});

test("swapping the classes swaps recall and specificity and mirrors the area under the curve", () => {
  const { labels, scores } = randomRows(21, 500);
  const ours = binaryMetrics(labels, scores, { threshold: 0.4, interval: false });
  const mirrored = binaryMetrics(
    labels.map((label) => 1 - label),
    scores.map((score) => 1 - score),
    { threshold: 0.6, interval: false },
  );
  assert.ok(Math.abs(ours.rocAuc - mirrored.rocAuc) < 1e-12);
  assert.ok(Math.abs(ours.recall - mirrored.specificity) < 1e-12);
  assert.ok(Math.abs(ours.brier - mirrored.brier) < 1e-12);
  assert.ok(Math.abs(ours.weightedF1 - mirrored.weightedF1) < 1e-12);
});

test("what cannot be evaluated is refused", () => {
  const cases: [number[], number[], string][] = [
    [[], [], "METRICS_EMPTY"],
    [[0, 1], [0.5], "METRICS_LENGTHS"],
    [[0, 2], [0.5, 0.5], "METRICS_LABEL"],
    [[0, 1], [0.5, Number.NaN], "METRICS_SCORE"],
    [[0, 1], [0.5, 1.2], "METRICS_SCORE"],
  ];
  for (const [labels, scores, code] of cases) assert.throws(() => binaryMetrics(labels, scores), { code });
});

test("without the interval a call is cheap enough for every epoch", () => {
  const { labels, scores } = randomRows(22, 2000);
  const started = ownTime();
  for (let i = 0; i < 20; i++) binaryMetrics(labels, scores, { interval: false });
  assert.ok(ownTime() - started < 1000, "20 calls on 2,000 rows within a second");
  assert.equal(binaryMetrics(labels, scores, { interval: false }).rocAucCi95, undefined);
});
