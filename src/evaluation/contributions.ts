/**
 * @module Variances of measures from what each row contributes to them, of independent rows or of groups of dependent rows; to average
 * precision it contributes how much that changes without the row (jackknife).
 */

import { averagePrecisionOf, type Ranking, rank } from "./ranking";
import type { RowGroups } from "./row-groups";
import { tQuantile, Z95 } from "./statistics";

/** For each row its contribution to the difference of a measure from its true value. The sum is 0. */
export type Contributions = Float64Array;

/** Rows by label, and their groups. */
export interface LabelledRows {
  readonly labels: ArrayLike<number>;
  readonly groups?: RowGroups | undefined;
}

/**
 * Variance of a measure. The contributions of a group are added up first (Obuchowski 1997); without groups this is DeLong's variance of
 * an area (1988), and the jackknife's of other measures. NaN if a class has one row or group that contributes.
 */
export function varianceOf({ labels, groups }: LabelledRows, contributions: Contributions): number {
  const groupOf = (row: number) => groups?.[row] ?? row;
  const size = (groups ? groups.reduce((most, group) => Math.max(most, group), -1) : labels.length - 1) + 1;
  const sums = [new Float64Array(size), new Float64Array(size)] as const;
  const present = [new Uint8Array(size), new Uint8Array(size)] as const;
  for (let row = 0; row < labels.length; row++) {
    const [label, group] = [labels[row] ? 1 : 0, groupOf(row)] as const;
    sums[label][group]! += contributions[row] as number;
    present[label][group] = 1;
  }
  const part = (label: 0 | 1) => {
    const within = present[label].reduce((sum, is) => sum + is, 0);
    const squares = sums[label].reduce((sum, value) => sum + value * value, 0);
    // With a single group, its sum is 0 or a rounding error of 0.
    if (within === 1) return Number.NaN;
    return within === 0 ? 0 : (within / (within - 1)) * squares;
  };
  const crossed = sums[0].reduce((sum, value, group) => sum + value * (sums[1][group] as number), 0);
  const across = size > 1 ? (size / (size - 1)) * crossed : 0;
  return Math.max(0, part(0) + part(1) + 2 * across);
}

/** Limit in standard errors of a 95 % interval: the normal quantile, or Student's for the number of groups. */
export function limitOf(groups: RowGroups | undefined, units: number): number {
  return groups ? tQuantile(Math.max(1, units - 1)) : Z95;
}

/** Number of independent units, groups or rows, among the rows that are counted. */
export function unitsOf(groups: RowGroups | undefined, n: number, isCounted: (row: number) => boolean): number {
  const units = new Set<number>();
  let rows = 0;
  for (let row = 0; row < n; row++) {
    if (!isCounted(row)) continue;
    rows++;
    // A set of a million rows takes longer than the rest of an evaluation.
    if (groups) units.add(groups[row] as number);
  }
  return groups ? units.size : rows;
}

/**
 * How much larger a variance is because rows are dependent (Kish 1965), from 1 to the rows per group, and the limit in standard errors:
 * a normal quantile, or Student's where few groups estimate the variance (Korn and Graubard 1998).
 * @param grouped variance of the groups' sums @param single that of independent rows; 0 if unknown, so that every group counts as one
 * @param largest the factor of groups whose rows are all alike @param units number of groups
 */
export function designEffect(grouped: number, single: number, largest: number, units: number) {
  const factor = single > 0 && grouped >= 0 ? Math.min(largest, Math.max(1, grouped / single)) : largest;
  return { factor, z: factor > 1 ? tQuantile(Math.max(1, units - 1)) : Z95 };
}

/** The contributions of all rows: without a row, only its own rank and those below it change. @param scores one per row, on any scale */
export function precisionContributions(labels: ArrayLike<number>, scores: ArrayLike<number>): Contributions {
  const ranking = rank(labels, scores);
  const without = [valuesWithout(ranking, 0), valuesWithout(ranking, 1)] as const;
  const totals = [ranking.totalNegatives, ranking.totalPositives] as const;
  const means = [meanOf(without[0], ranking.negatives), meanOf(without[1], ranking.positives)] as const;
  const levels = new Map(Array.from(ranking.scores, (score, level) => [score, level]));
  return Float64Array.from(labels, (_, row) => {
    const label = labels[row] ? 1 : 0;
    const value = without[label][levels.get(scores[row] as number) as number] as number;
    return totals[label] < 2 ? 0 : ((means[label] - value) * (totals[label] - 1)) / totals[label];
  });
}

/** For each rank the average precision without one row of the class there. */
function valuesWithout(ranking: Ranking, label: 0 | 1): Float64Array {
  const { positives, negatives, totalPositives } = ranking;
  const size = positives.length;
  const total = totalPositives - label;
  const [tp, seen] = [new Float64Array(size), new Float64Array(size)];
  for (let i = size - 1; i >= 0; i--) {
    tp[i] = (tp[i + 1] ?? 0) + (positives[i] as number);
    seen[i] = (seen[i + 1] ?? 0) + (positives[i] as number) + (negatives[i] as number);
  }
  // Sums of the ranks below (lower scores), as they are without one row above them.
  const below = new Float64Array(size);
  for (let i = 1; i < size; i++) {
    const changed = ((positives[i - 1] as number) * ((tp[i - 1] as number) - label)) / ((seen[i - 1] as number) - 1);
    below[i] = (below[i - 1] as number) + (Number.isFinite(changed) ? changed : 0);
  }
  const values = new Float64Array(size);
  let above = 0;
  for (let i = size - 1; i >= 0; i--) {
    const p = positives[i] as number;
    const own = (seen[i] as number) > 1 ? ((p - label) * ((tp[i] as number) - label)) / ((seen[i] as number) - 1) : 0;
    values[i] = total > 0 ? (above + own + (below[i] as number)) / total : averagePrecisionOf(ranking);
    above += (p * (tp[i] as number)) / (seen[i] as number);
  }
  return values;
}

function meanOf(values: Float64Array, counts: ArrayLike<number>): number {
  let [sum, n] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const count = counts[i] as number;
    if (count > 0) sum += count * (values[i] as number);
    n += count;
  }
  return n === 0 ? 0 : sum / n;
}
