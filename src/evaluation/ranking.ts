/**
 * @module Sorts scores once and counts the positives and negatives at each distinct score. All threshold-free measures and
 * threshold sweeps are computed from these counts, so that tied scores are one step.
 */
import { InputError } from "../errors/index";

/** Counts at each distinct score, in ascending order. */
export interface Ranking {
  /** Distinct scores, ascending. */
  readonly scores: Float64Array;
  /** Positives at each score. */
  readonly positives: Float64Array;
  /** Negatives at each score. */
  readonly negatives: Float64Array;
  readonly totalPositives: number;
  readonly totalNegatives: number;
}

/**
 * Counts the classes at each distinct score.
 * @param labels 0 or 1 each
 * @param scores numbers; higher means more likely positive
 * @throws {InputError} `METRICS_SCORE` for a score that is not a number, which has no rank
 */
export function rank(labels: ArrayLike<number>, scores: ArrayLike<number>): Ranking {
  const n = labels.length;
  const ofPositives = new Float64Array(n);
  const ofNegatives = new Float64Array(n);
  let p = 0;
  let q = 0;
  for (let i = 0; i < n; i++) {
    if (labels[i]) ofPositives[p++] = scores[i] as number;
    else ofNegatives[q++] = scores[i] as number;
  }
  const sorted = [ofPositives.subarray(0, p).sort(), ofNegatives.subarray(0, q).sort()] as const;
  if (sorted.some((some) => Number.isNaN(some.at(-1)))) {
    throw new InputError("METRICS_SCORE", "A score is not a number, so the scores cannot be ranked.");
  }
  return merge(...sorted);
}

function merge(ofPositives: Float64Array, ofNegatives: Float64Array): Ranking {
  const [p, q] = [ofPositives.length, ofNegatives.length];
  const scores = new Float64Array(p + q);
  const positives = new Float64Array(p + q);
  const negatives = new Float64Array(p + q);
  let distinct = 0;
  for (let i = 0, j = 0; i < p || j < q; distinct++) {
    const score = Math.min(ofPositives[i] ?? Number.POSITIVE_INFINITY, ofNegatives[j] ?? Number.POSITIVE_INFINITY);
    scores[distinct] = score;
    const [i0, j0] = [i, j];
    while (ofPositives[i] === score) i++;
    while (ofNegatives[j] === score) j++;
    positives[distinct] = i - i0;
    negatives[distinct] = j - j0;
  }
  return {
    scores: scores.subarray(0, distinct),
    positives: positives.subarray(0, distinct),
    negatives: negatives.subarray(0, distinct),
    totalPositives: p,
    totalNegatives: q,
  };
}

/** The counts of a {@link Ranking}. */
interface ClassCounts {
  readonly positives: ArrayLike<number>;
  readonly negatives: ArrayLike<number>;
}

/** Area under the ROC curve; ties count half (Mann and Whitney 1947). NaN if a class is missing. */
export function rocAucOf({ positives, negatives }: ClassCounts): number {
  let wins = 0;
  let negativesBelow = 0;
  let totalPositives = 0;
  for (let i = 0; i < positives.length; i++) {
    const [p, q] = [positives[i] as number, negatives[i] as number];
    wins += p * (negativesBelow + q / 2);
    negativesBelow += q;
    totalPositives += p;
  }
  return wins / (totalPositives * negativesBelow);
}

/** Average precision without interpolation, as scikit-learn's `average_precision_score`. 0 without positives. */
export function averagePrecisionOf({ positives, negatives }: ClassCounts): number {
  let tp = 0;
  let fp = 0;
  let sum = 0;
  for (let i = positives.length - 1; i >= 0; i--) {
    const p = positives[i] as number;
    tp += p;
    fp += negatives[i] as number;
    if (p > 0) sum += p * (tp / (tp + fp));
  }
  return tp === 0 ? 0 : sum / tp;
}

/** Rejects invalid labels and scores. @throws {InputError} `METRICS_EMPTY`, `METRICS_LENGTHS`, `METRICS_LABEL` or `METRICS_SCORE` */
export function checkScores(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  { logits = false }: { logits?: boolean } = {},
): void {
  const n = labels.length;
  if (n !== scores.length) throw new InputError("METRICS_LENGTHS", `${n} labels do not match ${scores.length} scores.`);
  if (n === 0) throw new InputError("METRICS_EMPTY", "There is nothing to evaluate: no labels were given.");
  for (let i = 0; i < n; i++) {
    const [label, score] = [labels[i] as number, scores[i] as number];
    if (label !== 0 && label !== 1) throw new InputError("METRICS_LABEL", `Label ${i} is ${label}; it must be 0 or 1.`);
    if (!Number.isFinite(score)) throw new InputError("METRICS_SCORE", `Score ${i} is ${score}, not a finite number.`);
    if (!logits && (score < 0 || score > 1)) {
      const message = `Score ${i} is ${score}; probabilities are from 0 to 1 (are these logits?).`;
      throw new InputError("METRICS_SCORE", message);
    }
  }
}
