import assert from "node:assert/strict";
import { test } from "node:test";
import { selectEnsemble } from "../../src/experiments/select-ensemble";
import { Random } from "../../src/random/index";

/** Labels, and probabilities of models that see them through noise of the given strength. */
function models(...noises: number[]) {
  const random = new Random(2);
  const labels = Array.from({ length: 200 }, () => (random.chance(0.4) ? 1 : 0));
  const scores = noises.map((noise) =>
    labels.map((label) => 1 / (1 + Math.exp(-(2 * label - 1 + random.normal(0, noise))))),
  );
  return { labels, scores };
}

const lossOf = (labels: readonly number[], scores: readonly (readonly number[])[], weights: readonly number[]) =>
  labels.reduce((sum, label, i) => {
    const p = weights.reduce((mean, weight, k) => mean + weight * scores[k]![i]!, 0);
    return sum - Math.log(label ? p : 1 - p);
  }, 0);

test("models that err apart come in together, and are better together on validation", () => {
  const { labels, scores } = models(1, 1, 1);
  const weights = selectEnsemble(labels, scores);
  assert.ok(Math.abs(weights.reduce((a, b) => a + b) - 1) < 1e-9);
  assert.ok(weights.filter((weight) => weight > 0).length >= 2, `${weights}`);
  const alone = Math.min(
    ...[0, 1, 2].map((k) =>
      lossOf(
        labels,
        scores,
        [0, 1, 2].map((j) => Number(j === k)),
      ),
    ),
  );
  assert.ok(lossOf(labels, scores, weights) < alone);
});

test("a model that knows nothing, or the opposite, stays out", () => {
  const { labels, scores } = models(0.5, 30);
  const opposite = scores[0]!.map((p) => 1 - p);
  assert.deepEqual(selectEnsemble(labels, [...scores, opposite]), [1, 0, 0]);
});
