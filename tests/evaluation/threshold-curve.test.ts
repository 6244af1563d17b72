import assert from "node:assert/strict";
import { test } from "node:test";
import { confusionAt, thresholdCurve } from "../../src/evaluation/index";
import { Random } from "../../src/random/index";

const random = new Random(3, "curve");
const labels = Array.from({ length: 1000 }, () => (random.chance(0.3) ? 1 : 0));
const probabilities = labels.map((label) => 1 / (1 + Math.exp(-random.normal(label ? 1 : -1, 1))));

test("each point says what calling images positive from its threshold on does", () => {
  const curve = thresholdCurve(labels, probabilities);
  assert.ok(curve);
  const { thresholds, sensitivity, specificity } = curve;
  assert.equal(thresholds.length, 200);
  assert.deepEqual([thresholds[0], thresholds.at(-1)], [Math.max(...probabilities), Math.min(...probabilities)]);
  for (const [i, threshold] of thresholds.entries()) {
    const { tp, fn, tn, fp } = confusionAt(labels, probabilities, threshold);
    assert.ok(Math.abs((sensitivity[i] as number) - tp / (tp + fn)) < 1e-5);
    assert.ok(Math.abs((specificity[i] as number) - tn / (tn + fp)) < 1e-5);
  }
});

test("few images keep all their thresholds; a class that is missing leaves nothing to say", () => {
  assert.deepEqual(thresholdCurve([0, 1, 1, 0], [0.2, 0.9, 0.4, 0.4]), {
    thresholds: [0.9, 0.4, 0.2],
    sensitivity: [0.5, 1, 1],
    specificity: [1, 0.5, 0],
  });
  assert.equal(thresholdCurve([1, 1], [0.2, 0.9]), undefined);
  assert.deepEqual(thresholdCurve([0, 1], [0.5, 0.5])?.thresholds, [0.5]);
});
