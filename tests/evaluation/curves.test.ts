import assert from "node:assert/strict";
import { test } from "node:test";
import {
  confusionAt,
  decisionMetrics,
  precisionRecallCurve,
  rankRows,
  rocBand,
  rocCurve,
  thresholdSweep,
} from "../../src/evaluation/index";
import { runPython, withoutPython } from "../support/python";
import { allRows, randomRows } from "../support/scored-rows";

const bothClasses = allRows.filter(({ labels }) => new Set(labels).size === 2);

function assertClose(ours: ArrayLike<number>, theirs: ArrayLike<number>, what: string) {
  assert.equal(ours.length, theirs.length, `${what}: length`);
  Array.from(ours).forEach((value, i) => {
    assert.ok(Math.abs(value - (theirs[i] as number)) < 1e-12, `${what}: ${value} is not ${theirs[i]} at ${i}`);
  });
}

test("the curves have scikit-learn's points", { skip: withoutPython() }, async () => {
  const program = `
import json, sys, numpy as np
from sklearn.metrics import roc_curve, precision_recall_curve
out = []
for rows in json.load(sys.stdin):
    y, s = np.array(rows["labels"]), np.array(rows["scores"]) + 0.0
    fpr, tpr, t = roc_curve(y, s, drop_intermediate=False)
    p, r, pt = precision_recall_curve(y, s)
    out.append({"fpr": fpr.tolist(), "tpr": tpr.tolist(), "t": t[1:].tolist(),
                "p": p[:-1][::-1].tolist(), "r": r[:-1][::-1].tolist(), "pt": pt[::-1].tolist()})
print(json.dumps(out))`;
  const peers = await runPython<Record<string, number[]>[]>(program, bothClasses);
  bothClasses.forEach(({ name, labels, scores }, i) => {
    const peer = peers[i] as Record<string, number[]>;
    const roc = rocCurve(labels, scores);
    assertClose(roc.falsePositiveRate, peer.fpr ?? [], `${name}: false positive rate`);
    assertClose(roc.truePositiveRate, peer.tpr ?? [], `${name}: true positive rate`);
    assertClose(roc.thresholds.slice(1), peer.t ?? [], `${name}: thresholds`);
    const pr = precisionRecallCurve(labels, scores);
    assertClose(pr.precision, peer.p ?? [], `${name}: precision`);
    assertClose(pr.recall, peer.r ?? [], `${name}: recall`);
  });
});

test("the sweep says at each threshold what a single evaluation says", () => {
  for (const { name, labels, scores } of allRows) {
    const sweep = thresholdSweep(labels, scores);
    assert.equal(sweep.length, 99);
    for (const { threshold, confusion, ...measures } of sweep.filter((_, i) => i % 7 === 0)) {
      assert.deepEqual(confusion, confusionAt(labels, scores, threshold), `${name} at ${threshold}`);
      assert.deepEqual(measures, decisionMetrics(confusion));
    }
  }
  const unordered = thresholdSweep([0, 1, 1], [0.2, 0.4, 0.9], [0.9, 0.1, 0.5]);
  assert.deepEqual(
    unordered.map(({ threshold, recall }) => [threshold, recall]),
    [
      [0.9, 0.5],
      [0.1, 1],
      [0.5, 0.5],
    ],
  );
});

test("raising the threshold never raises recall nor lowers specificity", () => {
  const { labels, scores } = randomRows(41, 400, { steps: 30 });
  const sweep = thresholdSweep(labels, scores);
  sweep.slice(1).forEach((point, i) => {
    assert.ok(point.recall <= (sweep[i]?.recall ?? 0) && point.specificity >= (sweep[i]?.specificity ?? 1));
  });
});

test("the ROC band surrounds the curve and is as wide as the interval of its rates", () => {
  const { labels, scores } = randomRows(42, 600, { signal: 0.15 });
  const { falsePositiveRate, low, high } = rocBand(rankRows(labels, scores), { resamples: 300 });
  const curve = rocCurve(labels, scores);
  falsePositiveRate.forEach((rate, i) => {
    assert.ok((low[i] as number) <= (high[i] as number));
    if (i > 0) assert.ok((low[i] as number) >= (low[i - 1] as number) - 1e-12);
    const at = curve.falsePositiveRate.filter((value) => value <= rate).length - 1;
    const height = curve.truePositiveRate[at] as number;
    assert.ok(height >= (low[i] as number) - 0.06 && height <= (high[i] as number) + 0.06, `at ${rate}`);
  });
  const middle = (high[20] as number) - (low[20] as number);
  assert.ok(middle > 0.03 && middle < 0.25, `${middle}`);
  assert.deepEqual([low.at(-1), high.at(-1)], [1, 1]);
});

test("a perfect ranking has a band along the corner, one class has none", () => {
  const band = rocBand(rankRows([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.7, 0.8, 0.9]), { resamples: 200, points: 5 });
  assert.deepEqual([...band.low], [1, 1, 1, 1, 1]);
  assert.ok(rocBand(rankRows([1, 1], [0.1, 0.2]), { resamples: 10, points: 3 }).low.every(Number.isNaN));
});

test("a million rows are no trouble", () => {
  const { labels, scores } = randomRows(43, 1_000_000);
  const { truePositiveRate } = rocCurve(labels, scores);
  assert.equal(truePositiveRate.at(-1), 1);
  assert.equal(thresholdSweep(labels, scores).length, 99);
});
