/** @module Areas under the ROC curve with standard errors (DeLong 1988; Sun and Xu 2014), also of groups of rows (Obuchowski 1997). */
import { groupBy } from "../collections/index";
import { type Contributions, designEffect, type LabelledRows, limitOf, unitsOf, varianceOf } from "./contributions";
import type { RowGroups } from "./row-groups";
import { differenceInterval, type MeasuredEstimate, scoreInterval } from "./score-interval";
import { type Interval, midranks, twoSidedNormal, twoSidedT, Z95 } from "./statistics";

/** The comparison of two areas on the same rows. */
export interface DelongTest {
  readonly aucA: number;
  readonly aucB: number;
  /** `aucA - aucB`. */
  readonly difference: number;
  readonly standardError: number;
  /** 95 % interval of the difference. */
  readonly ci95: Interval;
  /** Infinite if the areas differ with a standard error of 0: one model is perfect, the other constant. */
  readonly z: number;
  /**
   * Two-sided; 1 if the areas are equal, 0 if they differ with a standard error of 0. Of Student's t where rows come in groups, with
   * a degree of freedom less than the class of fewer groups has groups.
   */
  readonly p: number;
}

/** Without a seen error, how large the area is taken to be for comparing variances. */
const NEARLY_PERFECT = 0.95;

/**
 * The area under the ROC curve with its 95 % score interval (Newcombe 2006, method 5): the true areas that lie no more than 1.96
 * standard errors from the measured one. The variance of an area is Hanley and McNeil's (1982), multiplied by the design effect of
 * groups, or DeLong's estimate where that is larger. With six positives it covers 0.90 or more of the true areas, where percentiles of
 * bootstrap samples cover 0.80 to 0.85. NaN if a class is missing.
 */
export function areaOf({ labels, groups }: LabelledRows, scores: ArrayLike<number>): MeasuredEstimate {
  const { auc, contributions } = placements(labels, scores);
  const variance = varianceOf({ labels, groups }, contributions);
  const interval = areaInterval({ labels, groups }, auc, contributions);
  return { value: auc, contributions, variance, interval, limit: limitOf(groups, fewestUnits({ labels, groups })) };
}

function areaInterval({ labels, groups }: LabelledRows, auc: number, contributions: Contributions): Interval {
  if (Number.isNaN(auc)) return [Number.NaN, Number.NaN];
  // One answer for all rows: the area is one half whatever the rows are.
  if (auc === 0.5 && contributions.every((value) => value === 0)) return [0.5, 0.5];
  const { estimated, design } = varianceRatios({ labels, groups }, auc, contributions);
  const z = estimated > design ? limitOf(groups, fewestUnits({ labels, groups })) : Z95;
  const rows = unitsByClass({ labels });
  return scoreInterval(auc, (truth) => Math.max(estimated, design) * modelVariance(truth, rows), z);
}

/** How much larger the variance of an area is than {@link modelVariance}: as estimated, and because of the design effect. */
function varianceRatios({ labels, groups }: LabelledRows, auc: number, contributions: Contributions) {
  const single = varianceOf({ labels }, contributions);
  const variance = groups ? varianceOf({ labels, groups }, contributions) : single;
  const rows = unitsByClass({ labels });
  const units = unitsByClass({ labels, groups });
  const seen = auc === 0 || auc === 1 ? NEARLY_PERFECT : auc;
  const most = modelVariance(seen, units) / modelVariance(seen, rows);
  const design = groups ? designEffect(variance, single, most, Math.min(...units)).factor : 1;
  const estimated = variance > 0 ? variance / modelVariance(auc, rows) : 0;
  return { estimated, design };
}

function unitsByClass({ labels, groups }: LabelledRows): number[] {
  return [0, 1].map((label) => unitsOf(groups, labels.length, (row) => labels[row] === label));
}

/** Number of groups, or rows, of the class that has fewer. */
export function fewestUnits(rows: LabelledRows): number {
  return Math.min(...unitsByClass(rows));
}

/** Variance of an area of exponential scores (Hanley and McNeil 1982), with the symmetric size of Newcombe's method 5. */
function modelVariance(auc: number, [m = 1, n = 1]: readonly number[]): number {
  const pairs = (m + n) / 2 - 1;
  return (auc * (1 - auc) * (1 + pairs * ((1 - auc) / (2 - auc) + auc / (1 + auc)))) / (m * n);
}

/** The area, and for each row its share of the other class that it is ranked correctly against (ties count half) less the mean. */
export function placements(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): { auc: number; contributions: Contributions } {
  const values = Float64Array.from(scores);
  const all = midranks(values);
  const contributions = new Float64Array(values.length);
  let auc = Number.NaN;
  for (const label of [1, 0] as const) {
    const rows = [...values.keys()].filter((row) => labels[row] === label);
    const others = values.length - rows.length;
    const within = midranks(rows.map((row) => values[row] as number));
    const shares = rows.map((row, i) => ((all[row] as number) - (within[i] as number)) / others);
    const right = label === 1 ? shares : shares.map((share) => 1 - share);
    const mean = right.reduce((sum, share) => sum + share, 0) / right.length;
    if (label === 1) auc = mean;
    rows.forEach((row, i) => {
      contributions[row] = ((right[i] as number) - mean) / rows.length;
    });
  }
  return { auc, contributions };
}

/**
 * The area of a cross-validated classifier, whose scores can only be compared within a fold, with its 95 % interval.
 *
 * Each fold's area is weighted by its pairs: in sets that do not differ its mean is one half, where the area of all scores together is
 * below it, because what a fold holds is missing in the training of its classifier. As each row has been tested on and trained on,
 * the variance is twice that of independent folds, exactly so for a linear classifier of sets that do not differ.
 * @param folds of the rows; those with one label only do not count
 * @see Nadeau and Bengio 2003, "Inference for the Generalization Error"
 */
export function crossValidatedArea(
  { labels, groups }: LabelledRows,
  scores: ArrayLike<number>,
  folds: ArrayLike<number>,
): { auc: number; ci95: Interval } {
  const rowsOf = groupBy(
    Array.from(labels, (_, row) => row),
    (row) => folds[row],
  );
  const parts = [...rowsOf.values()]
    .map((rows) => {
      const own = Uint8Array.from(rows, (row) => labels[row] as number);
      const positives = own.reduce((sum, label) => sum + label, 0);
      const area = placements(
        own,
        Float64Array.from(rows, (row) => scores[row] as number),
      );
      return { ...area, rows, own, positives, negatives: own.length - positives };
    })
    .filter(({ positives, negatives }) => positives * negatives > 0);
  const pairs = parts.reduce((sum, { positives, negatives }) => sum + positives * negatives, 0);
  const auc = parts.reduce((sum, part) => sum + (part.auc * part.positives * part.negatives) / pairs, 0);
  const contributions = new Float64Array(labels.length);
  for (const { rows, own, auc: within, contributions: ofRows, positives, negatives } of parts) {
    const weight = (positives * negatives) / pairs;
    rows.forEach((row, i) => {
      const count = own[i] === 1 ? positives : negatives;
      contributions[row] = weight * ((ofRows[i] as number) + (within - auc) / count);
    });
  }
  const limit = limitOf(groups, fewestUnits({ labels, groups }));
  const { estimated, design } = varianceRatios({ labels, groups }, auc, contributions);
  const factor = 2 * Math.max(estimated, design);
  const rows = unitsByClass({ labels });
  return { auc, ci95: scoreInterval(auc, (truth) => factor * modelVariance(truth, rows), limit) };
}

/**
 * Tests whether two models' areas under the ROC curve differ on the same rows.
 * @param labels 0 or 1 each
 * @param scoresA one score per row, on any scale
 * @param scoresB the other model's scores
 * @param groups of dependent rows
 */
export function delongTest(
  labels: ArrayLike<number>,
  scoresA: ArrayLike<number>,
  scoresB: ArrayLike<number>,
  groups?: RowGroups,
): DelongTest {
  const [a, b] = [areaOf({ labels, groups }, scoresA), areaOf({ labels, groups }, scoresB)];
  const apart = a.contributions.map((value, row) => value - (b.contributions[row] as number));
  const variance = varianceOf({ labels, groups }, apart);
  const difference = a.value - b.value;
  const standardError = Math.sqrt(variance);
  // A difference this small is rounding.
  const z = Math.abs(difference) < 1e-15 ? 0 : difference / standardError;
  const ci95: Interval = rankEqually(scoresA, scoresB) ? [0, 0] : differenceInterval(a, b, variance);
  const p = groups ? twoSidedT(z, Math.max(1, fewestUnits({ labels, groups }) - 1)) : twoSidedNormal(z);
  return { aucA: a.value, aucB: b.value, difference, standardError, ci95, z, p };
}

/** True if two models order all rows in the same way: then their areas are equal for certain. */
export function rankEqually(scoresA: ArrayLike<number>, scoresB: ArrayLike<number>): boolean {
  const ranks = midranks(scoresB);
  return midranks(scoresA).every((rank, row) => rank === ranks[row]);
}
