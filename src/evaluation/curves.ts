/** @module Curves over all thresholds: ROC, also short enough for a model card, precision-recall, and all measures by threshold. */
import { type Confusion, type DecisionMetrics, decisionMetrics } from "./confusion";
import { checkScores, type Ranking, rank } from "./ranking";

/** Points from (0, 0) to (1, 1), one per distinct score, including those on straight segments. */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  /** Scores from it on are positive; infinite at the first point. */
  readonly thresholds: Float64Array;
}

/** Points from the highest threshold (recall near 0) to the lowest (recall 1). */
export interface PrecisionRecallCurve {
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  readonly thresholds: Float64Array;
}

/** The ROC curve. Rates of a missing class are NaN. */
export function rocCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): RocCurve {
  const ranking = rank(labels, scores);
  const { tp, fp, thresholds } = cumulated(ranking);
  return {
    falsePositiveRate: startingWith(0, fp).map((count) => count / ranking.totalNegatives),
    truePositiveRate: startingWith(0, tp).map((count) => count / ranking.totalPositives),
    thresholds: startingWith(Number.POSITIVE_INFINITY, thresholds),
  };
}

/** The precision-recall curve, without interpolation. */
export function precisionRecallCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): PrecisionRecallCurve {
  const ranking = rank(labels, scores);
  const { tp, fp, thresholds } = cumulated(ranking);
  return {
    precision: tp.map((count, i) => count / (count + (fp[i] as number))),
    recall: tp.map((count) => count / ranking.totalPositives),
    thresholds,
  };
}

function startingWith(first: number, rest: Float64Array): Float64Array {
  const all = new Float64Array(rest.length + 1);
  all[0] = first;
  all.set(rest, 1);
  return all;
}

/** Counts at or above each distinct score, from the highest down. */
function cumulated({ scores, positives, negatives }: Ranking) {
  const [tp, fp] = [new Float64Array(scores.length), new Float64Array(scores.length)];
  for (let i = 0, from = scores.length - 1; i < scores.length; i++, from--) {
    tp[i] = (tp[i - 1] ?? 0) + (positives[from] as number);
    fp[i] = (fp[i - 1] ?? 0) + (negatives[from] as number);
  }
  return { tp, fp, thresholds: Float64Array.from(scores).reverse() };
}

/** All measures at one threshold. */
export interface SweepPoint extends DecisionMetrics {
  readonly threshold: number;
  readonly confusion: Confusion;
}

/** Thresholds 0.01, 0.02 to 0.99. */
const SWEEP_THRESHOLDS: readonly number[] = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);

/**
 * All measures at every threshold.
 * @throws {InputError} `METRICS_*` for invalid labels or scores
 */
export function thresholdSweep(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  thresholds: readonly number[] = SWEEP_THRESHOLDS,
): SweepPoint[] {
  checkScores(labels, scores);
  const { scores: distinct, positives, negatives, totalPositives, totalNegatives } = rank(labels, scores);
  const order = thresholds.map((_, i) => i).sort((a, b) => (thresholds[a] as number) - (thresholds[b] as number));
  const points = new Array<SweepPoint>(thresholds.length);
  let [at, fn, tn] = [0, 0, 0];
  for (const i of order) {
    const threshold = thresholds[i] as number;
    while (at < distinct.length && (distinct[at] as number) < threshold) {
      fn += positives[at] as number;
      tn += negatives[at] as number;
      at++;
    }
    const confusion = { tp: totalPositives - fn, fp: totalNegatives - tn, tn, fn };
    points[i] = { threshold, ...decisionMetrics(confusion), confusion };
  }
  return points;
}

/** From the highest threshold to the lowest. */
export interface ThresholdCurve {
  readonly thresholds: readonly number[];
  /** Share of the positives at or above each threshold. */
  readonly sensitivity: readonly number[];
  /** Share of the negatives below each threshold. */
  readonly specificity: readonly number[];
}

const MOST_POINTS = 200;

/**
 * At most 200 points, evenly spread over the occurring probabilities, including the highest and the lowest.
 * @returns undefined if a class is missing
 */
export function thresholdCurve(
  labels: readonly number[],
  probabilities: readonly number[],
): ThresholdCurve | undefined {
  if (!labels.includes(0) || !labels.includes(1)) return undefined;
  const { thresholds, truePositiveRate, falsePositiveRate } = rocCurve(labels, probabilities);
  // The first point of the curve has an infinite threshold.
  const last = thresholds.length - 1;
  const count = Math.min(last, MOST_POINTS);
  const places = Array.from({ length: count }, (_, i) =>
    count === 1 ? last : 1 + Math.round((i * (last - 1)) / (count - 1)),
  );
  const rate = (value: number) => Number(value.toFixed(5));
  return {
    thresholds: places.map((place) => thresholds[place] as number),
    sensitivity: places.map((place) => rate(truePositiveRate[place] as number)),
    specificity: places.map((place) => rate(1 - (falsePositiveRate[place] as number))),
  };
}
