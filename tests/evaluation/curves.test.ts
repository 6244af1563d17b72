import assert from "node:assert/strict";
import { test } from "node:test";
import {
  confusionAt,
  decisionMetrics,
  precisionRecallCurve,
  rocBand,
  rocCurve,
  thresholdSweep,
} from "../../src/evaluation/index";
import { Random } from "../../src/random/index";
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
  const { falsePositiveRate, low, high } = rocBand(labels, scores);
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

test("a perfect ranking of few rows has a wide band below the corner, of many a narrow one, and one class has none", () => {
  const perfect = (n: number) => {
    const labels = Array.from({ length: 2 * n }, (_, i) => Number(i >= n));
    return rocBand(
      labels,
      labels.map((_, i) => i / (2 * n)),
      { points: 5 },
    );
  };
  assert.deepEqual([...perfect(3).high], [1, 1, 1, 1, 1]);
  const [few, many] = [perfect(3), perfect(300)].map(({ low }) => low[2] as number) as [number, number];
  assert.ok(few < 0.5 && many > 0.98 && many < 1, `${few}, ${many}`);
  assert.ok(rocBand([1, 1], [0.1, 0.2], { points: 3 }).low.every(Number.isNaN));
});

/** Share of normal scores of mean `shift` above the threshold that has this rate of those of mean 0. */
const BINORMAL = { rate: [0.05, 0.2, 0.5], height: [0.5664, 0.834, 0.9651], shift: 1.8119 } as const;

test("the ROC band holds the true curve in 93 % of the samples or more, also with six positives or few patients", () => {
  const random = new Random(45, "band");
  const SAMPLES = 300;
  for (const [positives, negatives, images] of [
    [6, 30, 1],
    [20, 20, 1],
    [100, 100, 1],
    [10, 20, 5],
  ] as const) {
    const covered = BINORMAL.rate.map(() => 0);
    for (let sample = 0; sample < SAMPLES; sample++) {
      const rows = Array.from({ length: positives + negatives }, (_, group) => {
        const level = images > 1 ? random.normal(0, 0.6) : 0;
        const label = Number(group < positives);
        const noise = images > 1 ? 0.8 : 1;
        return Array.from({ length: images }, () => {
          return { group, label, score: label * BINORMAL.shift + level + random.normal(0, noise) };
        });
      }).flat();
      const groups = images > 1 ? Uint32Array.from(rows, ({ group }) => group) : undefined;
      const { low, high } = rocBand(
        rows.map(({ label }) => label),
        rows.map(({ score }) => score),
        { groups, points: 21 },
      );
      BINORMAL.rate.forEach((rate, i) => {
        const [at, truth] = [Math.round(20 * rate), BINORMAL.height[i] as number];
        if ((low[at] as number) <= truth && truth <= (high[at] as number)) (covered[i] as number)++;
      });
    }
    // Two standard errors of 300 samples below 0.93.
    assert.ok(Math.min(...covered) >= 0.9 * SAMPLES, `${positives} and ${negatives} of ${images}: ${covered}`);
  }
});

test("scores that are no numbers, or too few, have no curve", () => {
  for (const labels of [
    [0, 1, 1],
    [1, 0, 0],
  ])
    for (const scores of [
      [Number.NaN, 0.2, 0.3],
      [0.2, 0.1],
    ])
      assert.throws(() => rocCurve(labels, scores), { code: "METRICS_SCORE" });
});

test("a million rows are no trouble", () => {
  const { labels, scores } = randomRows(43, 1_000_000);
  const { truePositiveRate } = rocCurve(labels, scores);
  assert.equal(truePositiveRate.at(-1), 1);
  assert.equal(thresholdSweep(labels, scores).length, 99);
});
