/** @module Curves over all thresholds: ROC with its band, also short enough for a model card, precision-recall, and all measures by threshold. */
import { decisionMetrics } from "./confusion";
import { designEffect, varianceOf } from "./contributions";
import { placements } from "./delong";
import { checkScores, type Ranking, rank } from "./ranking";
import type { RowGroups } from "./row-groups";
import { shareInterval } from "./score-interval";
import { Z95 } from "./statistics";

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
export type SweepPoint = ReturnType<typeof thresholdSweep>[number];

/** All measures at the thresholds 0.01, 0.02 to 0.99. @throws {InputError} `METRICS_*` for invalid labels or scores */
export function thresholdSweep(labels: ArrayLike<number>, scores: ArrayLike<number>) {
  checkScores(labels, scores);
  const { scores: distinct, positives, negatives, totalPositives, totalNegatives } = rank(labels, scores);
  let [at, fn, tn] = [0, 0, 0];
  return Array.from({ length: 99 }, (_, i) => {
    const threshold = (i + 1) / 100;
    while (at < distinct.length && (distinct[at] as number) < threshold) {
      fn += positives[at] as number;
      tn += negatives[at] as number;
      at++;
    }
    const confusion = { tp: totalPositives - fn, fp: totalNegatives - tn, tn, fn };
    return { threshold, ...decisionMetrics(confusion), confusion };
  });
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

/** At most 200 points, evenly spread over the occurring probabilities, the ends included; undefined if a class is missing. */
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

/** Pointwise 95 % band of a ROC curve on an even grid of false positive rates; NaN if a class is missing. */
export type RocBand = ReturnType<typeof rocBand>;

/**
 * At each of `points` false positive rates, the 95 % interval of the true positive rate. Two independent errors are added as squares
 * (Zou and Donner 2008): the positives', by Wilson's interval of a share, and the negatives', by how far the curve rises between the
 * rates that as many negatives may show at the right threshold. Where rows come in groups, their number is divided by the design
 * effect. A perfect curve of few rows has a wide band, where resampled curves are all perfect.
 */
export function rocBand(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  { groups, points = 101 }: { readonly groups?: RowGroups | undefined; readonly points?: number } = {},
) {
  const curve = rocCurve(labels, scores);
  const { contributions } = placements(labels, scores);
  const [negatives, positives] = [rowsOf(0, labels, contributions, groups), rowsOf(1, labels, contributions, groups)];
  const falsePositiveRate = Float64Array.from({ length: points }, (_, i) => i / (points - 1));
  const [low, high] = [new Float64Array(points).fill(Number.NaN), new Float64Array(points).fill(Number.NaN)];
  if (negatives.n === 0 || positives.n === 0) return { falsePositiveRate, low, high };
  for (const [i, rate] of falsePositiveRate.entries()) {
    const height = heightAt(curve, rate, "top");
    const [least, most] = shareInterval(height, positives.n, positives.z);
    const apart = negatives.z * Math.sqrt((rate * (1 - rate)) / negatives.n);
    const left = heightAt(curve, Math.max(0, rate - apart), "bottom");
    const right = heightAt(curve, Math.min(1, rate + apart), "top");
    low[i] = Math.max(0, height - Math.hypot(height - least, height - left));
    high[i] = Math.min(1, height + Math.hypot(most - height, right - height));
  }
  low[points - 1] = 1;
  // As the curve rises, so do the limits.
  for (let i = 1; i < points; i++) low[i] = Math.max(low[i] as number, low[i - 1] as number);
  for (let i = points - 2; i >= 0; i--) high[i] = Math.min(high[i] as number, high[i + 1] as number);
  return { falsePositiveRate, low, high };
}

/**
 * Number of rows of a class, divided by the design effect of groups, and the limit in standard errors.
 * @param contributions of the rows to the area, whose variance within the class has the design effect
 */
function rowsOf(label: number, labels: ArrayLike<number>, contributions: Float64Array, groups: RowGroups | undefined) {
  const isOwn = (_: number, row: number) => labels[row] === label;
  const own = contributions.filter(isOwn);
  const n = own.length;
  const within = groups?.filter(isOwn);
  if (!within || n === 0) return { n, z: Z95 };
  const units = new Set(within).size;
  const sameLabel = new Uint8Array(n);
  const grouped = varianceOf({ labels: sameLabel, groups: within }, own);
  const { factor, z } = designEffect(grouped, varianceOf({ labels: sameLabel }, own), n / units, units);
  return { n: n / factor, z };
}

/** The height of the curve at a rate, by linear interpolation; of a vertical stretch, its top or its bottom. */
function heightAt(
  { falsePositiveRate: x, truePositiveRate: y }: RocCurve,
  rate: number,
  end: "top" | "bottom",
): number {
  const isBefore = (value: number) => (end === "top" ? value <= rate : value < rate);
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(x[middle] as number)) low = middle + 1;
    else high = middle;
  }
  const at = end === "top" ? low - 1 : low;
  if (x[at] === rate) return y[at] as number;
  const [x0, x1, y0, y1] = [x[low - 1], x[low], y[low - 1], y[low]] as [number, number, number, number];
  return y0 + ((y1 - y0) * (rate - x0)) / (x1 - x0);
}
