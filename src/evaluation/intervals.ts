/** @module All measures of a model with 95 % score intervals, and their differences between two models. */
import { confusionAt, type DecisionMetrics, decisionMetrics } from "./confusion";
import { designEffect, type LabelledRows, limitOf, precisionContributions, unitsOf, varianceOf } from "./contributions";
import { areaOf } from "./delong";
import { averagePrecisionOf, checkScores, rank } from "./ranking";
import type { RowGroups } from "./row-groups";
import { type Estimate, type MeasuredEstimate, shareInterval, sumInterval } from "./score-interval";
import { type Interval, Z95 } from "./statistics";

/** The measures with an interval. */
export type IntervalName = "rocAuc" | "prAuc" | keyof DecisionMetrics;

/** Where intervals are computed. */
export interface IntervalOptions {
  /** Lowest probability of a positive prediction. Default: 0.5. */
  readonly threshold?: number;
  /** Groups of dependent rows, such as the images of a patient. */
  readonly groups?: RowGroups | undefined;
  /** What to rank the rows by, for the areas. Default: the scores. */
  readonly rankBy?: ArrayLike<number>;
}

/**
 * 95 % score intervals of the areas under the curves and of the measures at a threshold: Newcombe's of the area under the ROC curve
 * (see {@link areaOf}); Wilson's of shares, of F1 as a function of the share tp / (tp + fp + fn), and of average precision as if it
 * were a share of the positives (Boyd, Eng and Page 2013); sums of shares by "square and add" (Newcombe 1998). Where rows come in
 * groups, their number is divided by the design effect, with Student's t for few groups (Korn and Graubard 1998).
 * @param scores probabilities of the positive class
 * @throws {InputError} `METRICS_*` for invalid labels or scores
 */
export function metricIntervals(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  options: IntervalOptions = {},
): Record<IntervalName, Interval> {
  checkScores(labels, scores);
  const entries = Object.entries(estimates(labels, scores, options)) as [IntervalName, Estimate][];
  return Object.fromEntries(entries.map(([name, { interval }]) => [name, interval])) as Record<IntervalName, Interval>;
}

/** All measures with intervals and contributions. */
export function estimates(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  { threshold = 0.5, groups, rankBy = scores }: IntervalOptions,
): Record<IntervalName, MeasuredEstimate> {
  const rows: LabelledRows = { labels, groups };
  const isCalled = Array.from(labels, (_, row) => (scores[row] as number) >= threshold);
  const isPositive = Array.from(labels, (label) => label === 1);
  const isRight = isCalled.map((called, row) => called === isPositive[row]);
  /** Share of right decisions among the rows where `of` holds. */
  const rightAmong = (of: (row: number) => boolean) => shareEstimate(rows, (row) => isRight[row] as boolean, of);
  const accuracy = rightAmong(() => true);
  const recall = rightAmong((row) => isPositive[row] as boolean);
  const specificity = rightAmong((row) => !isPositive[row]);
  const precision = rightAmong((row) => isCalled[row] as boolean);
  const f1 = f1Estimate(rightAmong((row) => Boolean(isCalled[row] || isPositive[row])));
  const otherPrecision = rightAmong((row) => !isCalled[row]);
  const otherF1 = f1Estimate(rightAmong((row) => !(isCalled[row] && isPositive[row])));
  const measured = decisionMetrics(confusionAt(labels, scores, threshold));
  const positives = isPositive.filter(Boolean).length;
  const share = positives / labels.length;
  const weighted = (a: MeasuredEstimate, b: MeasuredEstimate, weight: number) =>
    sumEstimate(rows, [weight, a], [1 - weight, b]);
  const balanced = positives === 0 ? 0 : positives === labels.length ? 1 : 0.5;
  const found = {
    rocAuc: areaOf(rows, rankBy),
    prAuc: precisionEstimate(rows, rankBy),
    accuracy,
    balancedAccuracy: weighted(recall, specificity, balanced),
    precision,
    recall,
    specificity,
    f1,
    weightedPrecision: weighted(precision, otherPrecision, share),
    weightedRecall: accuracy,
    weightedF1: weighted(f1, otherF1, share),
    falseNegativeRate: positives === 0 ? { ...recall, interval: [Number.NaN, Number.NaN] as const } : missed(recall),
  };
  const values: Partial<Record<string, number>> = { ...measured };
  const named = Object.entries(found).map(([name, one]) => [name, { ...one, value: values[name] ?? one.value }]);
  return Object.fromEntries(named) as Record<IntervalName, MeasuredEstimate>;
}

/** The share of rows with a property among some rows. */
function shareEstimate(
  rows: LabelledRows,
  has: (row: number) => boolean,
  isCounted: (row: number) => boolean,
): MeasuredEstimate {
  const { labels, groups } = rows;
  let [n, hits] = [0, 0];
  for (let row = 0; row < labels.length; row++) {
    if (!isCounted(row)) continue;
    n++;
    if (has(row)) hits++;
  }
  const value = n === 0 ? 0 : hits / n;
  const contributions = Float64Array.from(labels, (_, row) => (isCounted(row) ? (Number(has(row)) - value) / n : 0));
  const variance = varianceOf(rows, contributions);
  const units = unitsOf(groups, labels.length, isCounted);
  const effect = () => designEffect(variance, varianceOf({ labels }, contributions), n / units, units);
  const { factor, z } = groups && n > 0 ? effect() : { factor: 1, z: Z95 };
  const interval = shareInterval(value, n / factor, z);
  return { value, contributions, variance: finiteOrZero(variance), interval, limit: limitOf(groups, units) };
}

/** F1 = 2 J / (1 + J) of the share J = tp / (tp + fp + fn). */
function f1Estimate({ value, contributions, variance, interval, limit }: MeasuredEstimate): MeasuredEstimate {
  const f1 = (share: number) => (2 * share) / (1 + share);
  const slope = 2 / (1 + value) ** 2;
  return {
    value: f1(value),
    contributions: contributions.map((contribution) => slope * contribution),
    variance: slope ** 2 * variance,
    interval: [f1(interval[0]), f1(interval[1])],
    limit,
  };
}

function missed({ value, contributions, interval: [low, high], ...same }: MeasuredEstimate): MeasuredEstimate {
  return { ...same, value: 1 - value, contributions: contributions.map((x) => -x), interval: [1 - high, 1 - low] };
}

function sumEstimate(
  rows: LabelledRows,
  [weightA, a]: readonly [number, MeasuredEstimate],
  [weightB, b]: readonly [number, MeasuredEstimate],
): MeasuredEstimate {
  const sum = (weight: number) =>
    a.contributions.map((value, row) => weight * value + (1 - weight) * (b.contributions[row] as number));
  const product = Math.sqrt(a.variance * b.variance);
  const joint = finiteOrZero(varianceOf(rows, sum(0.5)));
  const correlation = product > 0 ? (4 * joint - a.variance - b.variance) / (2 * product) : 0;
  const contributions = sum(weightA);
  return {
    value: weightA * a.value + weightB * b.value,
    contributions,
    variance: finiteOrZero(varianceOf(rows, contributions)),
    limit: Math.max(a.limit, b.limit),
    interval: sumInterval(
      [
        { weight: weightA, ...a },
        { weight: weightB, ...b },
      ],
      Math.max(-1, Math.min(1, correlation)),
    ),
  };
}

/**
 * Average precision. Its variance lies between that of a share of the positives, which is too large for good models, and the
 * jackknife's, which is too small with few positives: their mean is taken, or the jackknife's where that is larger.
 */
function precisionEstimate(rows: LabelledRows, scores: ArrayLike<number>): MeasuredEstimate {
  const { labels, groups } = rows;
  const value = averagePrecisionOf(rank(labels, scores));
  const isPositive = (row: number) => labels[row] === 1;
  const n = unitsOf(undefined, labels.length, isPositive);
  const contributions = precisionContributions(labels, scores);
  const variance = finiteOrZero(varianceOf(rows, contributions));
  const units = unitsOf(groups, labels.length, isPositive);
  const limit = limitOf(groups, units);
  if (n === 0) return { value, contributions, variance, limit, interval: [0, 1] };
  const single = finiteOrZero(varianceOf({ labels }, contributions));
  const { factor, z } = groups ? designEffect(variance, single, n / units, units) : { factor: 1, z: Z95 };
  const binomial = (value * (1 - value)) / n;
  const estimated = binomial > 0 ? variance / binomial : factor;
  const inflation = Math.max(estimated, (factor + estimated) / 2);
  return { value, contributions, variance, limit, interval: shareInterval(value, n / inflation, z) };
}

/** 95 % interval of the share of rows with a property: Wilson's, with their number divided by the design effect of groups. */
export function shareOfRowsInterval(has: ArrayLike<boolean>, groups?: RowGroups): Interval {
  const rows = { labels: new Uint8Array(has.length), groups };
  return shareEstimate(
    rows,
    (row) => has[row] as boolean,
    () => true,
  ).interval;
}

function finiteOrZero(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
