import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/random/index";
import { measureObjective } from "../../src/search/objective";

test("the images of a patient count as dependent in the interval of every objective", () => {
  const random = new Random(7);
  const groups = Uint32Array.from({ length: 120 }, (_, row) => Math.floor(row / 10));
  const labels = Uint8Array.from(groups, (group) => group % 2);
  const ofPatients = Float64Array.from({ length: 12 }, () => random.normal());
  const logits = Float64Array.from(labels, (label, row) => {
    return 1.5 * (label - 0.5) + (ofPatients[groups[row] as number] as number) + random.normal(0, 0.3);
  });
  for (const metric of ["rocAuc", "prAuc", "accuracy", "f1", "loss", "brier", "expectedCalibrationError"]) {
    const [alone, grouped] = [
      measureObjective(metric, { labels, logits }),
      measureObjective(metric, { labels, logits, groups }),
    ];
    assert.equal(grouped.value, alone.value, metric);
    const width = ({ interval: [low, high] }: typeof alone) => high - low;
    assert.ok(width(grouped) > 1.1 * width(alone), `${metric}: ${width(grouped)} against ${width(alone)}`);
  }
});
