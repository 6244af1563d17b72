/** @module Labels and scores for tests: random, tied, tiny and degenerate. */
import { areaOf, type RowGroups } from "../../src/evaluation/index";
import { Random } from "../../src/random/index";

interface ScoredRows {
  readonly name: string;
  readonly labels: number[];
  readonly scores: number[];
}

/** Scores that follow the label loosely; `steps` above 0 rounds them so that many are tied. */
export function randomRows(seed: number, n: number, { share = 0.4, signal = 0.25, steps = 0 } = {}): ScoredRows {
  const random = new Random(seed, "rows");
  const labels = Array.from({ length: n }, () => (random.chance(share) ? 1 : 0));
  const scores = labels.map((label) => {
    const score = Math.min(1, Math.max(0, 0.5 + (label - 0.5) * 2 * signal + random.normal(0, 0.2)));
    return steps > 0 ? Math.round(score * steps) / steps : score;
  });
  return { name: `random ${seed}: ${n} rows, ${steps} steps`, labels, scores };
}

/** Sets that have broken metric code before. */
export const awkwardRows: readonly ScoredRows[] = [
  { name: "all scores equal", labels: [0, 1, 1, 0, 1], scores: [0.5, 0.5, 0.5, 0.5, 0.5] },
  { name: "perfect", labels: [0, 0, 1, 1], scores: [0.1, 0.2, 0.8, 0.9] },
  { name: "perfectly wrong", labels: [1, 1, 0, 0], scores: [0.1, 0.2, 0.8, 0.9] },
  { name: "one of each", labels: [0, 1], scores: [0.3, 0.3] },
  { name: "scores at the ends", labels: [0, 1, 0, 1, 1, 0], scores: [0, 1, 1, 0, 1, 0] },
  { name: "nothing predicted positive", labels: [0, 1, 0, 1], scores: [0.1, 0.2, 0.3, 0.4] },
  { name: "everything predicted positive", labels: [0, 1, 0, 1], scores: [0.6, 0.7, 0.8, 0.9] },
  { name: "only negatives", labels: [0, 0, 0], scores: [0.1, 0.6, 0.9] },
  { name: "only positives", labels: [1, 1, 1], scores: [0.1, 0.6, 0.9] },
  { name: "a single positive", labels: [1], scores: [0.7] },
  { name: "a single negative", labels: [0], scores: [0.2] },
  { name: "negative zero", labels: [0, 1], scores: [-0, 0] },
  { name: "on the edges of bins", labels: [0, 1, 0, 1, 1, 0, 1], scores: [0, 1 / 15, 0.2, 0.4, 0.6, 0.8, 1] },
];

/** Everything above, for comparisons with a peer. */
export const allRows: readonly ScoredRows[] = [
  ...awkwardRows,
  ...[1, 2, 3, 4, 5, 6].map((seed) => randomRows(seed, 300)),
  ...[7, 8, 9].map((seed) => randomRows(seed, 977, { steps: 10 })),
  ...[10, 11, 12, 13].map((seed) => randomRows(seed, 7, { steps: 4 })),
  randomRows(14, 20_000, { share: 0.02, steps: 1000 }),
];

/** An area under the ROC curve with its standard error and interval. @param groups of dependent rows */
export function delongInterval(labels: ArrayLike<number>, scores: ArrayLike<number>, groups?: RowGroups) {
  const { value, variance, interval } = areaOf({ labels, groups }, scores);
  return { auc: value, standardError: Math.sqrt(variance), ci95: interval };
}
