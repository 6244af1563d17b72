/**
 * @module Areas under the ROC curve with standard errors, single and paired (DeLong 1988; ranks: Sun and Xu 2014), of independent
 * rows or of groups of dependent rows (Obuchowski 1997).
 */
import { logitOf, sigmoid } from "../logits/index";
import type { Interval } from "./bootstrap";
import { possibleShare } from "./certainty";
import type { RowGroups } from "./row-groups";
import { midranks, twoSidedNormal, Z95 } from "./statistics";

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
  /** Two-sided; 1 if the models rank the rows equally, 0 if they differ with a standard error of 0. */
  readonly p: number;
}

/** For each row, the share of the other class that it is ranked correctly against; ties count half. */
interface Placements {
  readonly auc: number;
  readonly ofPositives: Float64Array;
  readonly ofNegatives: Float64Array;
}

function placements(labels: ArrayLike<number>, scores: ArrayLike<number>): Placements {
  const values = Float64Array.from(scores);
  const positives = values.filter((_, i) => labels[i] === 1);
  const negatives = values.filter((_, i) => labels[i] === 0);
  const all = midranks(values);
  const ranksOf = (label: number) => all.filter((_, i) => labels[i] === label);
  const [within1, within0] = [midranks(positives), midranks(negatives)];
  const ofPositives = ranksOf(1).map((rank, i) => (rank - (within1[i] as number)) / negatives.length);
  const ofNegatives = ranksOf(0).map((rank, i) => 1 - (rank - (within0[i] as number)) / positives.length);
  return { auc: mean(ofPositives), ofPositives, ofNegatives };
}

/**
 * The area under the ROC curve with its 95 % interval; NaN if a class has fewer than two rows.
 * @param groups of dependent rows
 */
export function delongInterval(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  groups?: RowGroups,
): { auc: number; standardError: number; ci95: Interval } {
  const { auc, ofPositives, ofNegatives } = placements(labels, scores);
  const variance = varianceOf(labels, ofPositives, ofNegatives, groups);
  const standardError = Math.sqrt(variance);
  const ci95 = [Math.max(0, auc - Z95 * standardError), Math.min(1, auc + Z95 * standardError)] as const;
  return { auc, standardError, ci95 };
}

/**
 * The 95 % interval of an area on the logit scale, which covers the true area better where few rows give an area near 1 (Pepe 2003).
 * That of a perfect area ends where Clopper and Pearson's does for the smaller class.
 */
export function logitInterval(
  labels: ArrayLike<number>,
  { auc, standardError }: { readonly auc: number; readonly standardError: number },
  groups?: RowGroups,
): Interval {
  if (standardError === 0 && (auc === 0 || auc === 1)) {
    const share = Math.max(possibleShare(labels, 0, groups), possibleShare(labels, 1, groups));
    return auc === 1 ? [1 - share, 1] : [0, share];
  }
  const half = (Z95 * standardError) / (auc * (1 - auc));
  return [sigmoid(logitOf(auc) - half), sigmoid(logitOf(auc) + half)];
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
  const [a, b] = [placements(labels, scoresA), placements(labels, scoresB)];
  const positives = a.ofPositives.map((value, i) => value - (b.ofPositives[i] as number));
  const negatives = a.ofNegatives.map((value, i) => value - (b.ofNegatives[i] as number));
  const variance = varianceOf(labels, positives, negatives, groups);
  const difference = a.auc - b.auc;
  const standardError = Math.sqrt(variance);
  // A difference this small is rounding: the models rank equally.
  const z = Math.abs(difference) < 1e-15 ? 0 : difference / standardError;
  const ci95 = [difference - Z95 * standardError, difference + Z95 * standardError] as const;
  return { aucA: a.auc, aucB: b.auc, difference, standardError, ci95, z, p: twoSidedNormal(z) };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Variance of the mean placement, computed from the sums of the groups. Equals DeLong's if each row is a group.
 * @param ofPositives placements, or their differences, of the positives in the order of the rows
 */
function varianceOf(
  labels: ArrayLike<number>,
  ofPositives: Float64Array,
  ofNegatives: Float64Array,
  groups: RowGroups = Uint32Array.from({ length: labels.length }, (_, row) => row),
): number {
  const means = [mean(ofNegatives), mean(ofPositives)] as const;
  const size = groups.reduce((most, group) => Math.max(most, group), -1) + 1;
  // For each class and group: sum of the placements' deviations from the mean, and number of rows.
  const sums = [new Float64Array(size), new Float64Array(size)] as const;
  const counts = [new Uint32Array(size), new Uint32Array(size)] as const;
  const next = [0, 0];
  for (let row = 0; row < labels.length; row++) {
    const [label, group] = [labels[row] ? 1 : 0, groups[row] as number] as const;
    const values = label ? ofPositives : ofNegatives;
    sums[label][group]! += (values[next[label]!++] as number) - means[label];
    counts[label][group]!++;
  }
  const part = (label: 0 | 1) => {
    const within = counts[label].reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const total = (label ? ofPositives : ofNegatives).length;
    return ((within / (within - 1)) * sums[label].reduce((sum, value) => sum + value * value, 0)) / total ** 2;
  };
  const crossed = sums[0].reduce((sum, value, group) => sum + value * (sums[1][group] as number), 0);
  const across = size > 1 ? ((size / (size - 1)) * crossed) / (ofPositives.length * ofNegatives.length) : 0;
  return Math.max(0, part(0) + part(1) + 2 * across);
}
