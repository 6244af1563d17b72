/** @module Areas under the ROC curve with their standard errors, alone and paired (DeLong 1988; ranks: Sun and Xu 2014). */
import type { Interval } from "./bootstrap";
import { midranks, twoSidedNormal, Z95 } from "./statistics";

/** Two areas on the same rows. */
export interface DelongTest {
  readonly aucA: number;
  readonly aucB: number;
  /** `aucA - aucB`. */
  readonly difference: number;
  readonly standardError: number;
  /** 95 % interval of the difference. */
  readonly ci95: Interval;
  /** Infinite where the areas differ without a standard error: one is perfect, the other the same for all rows. */
  readonly z: number;
  /** Two-sided; 1 where the models rank the rows alike, 0 where they differ without a standard error. */
  readonly p: number;
}

/** For each row the share of the other class that it is rightly ordered against, ties counting half. */
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

/** The area under the ROC curve with its 95 % interval; NaN where a class has fewer than two rows. */
export function delongInterval(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): { auc: number; standardError: number; ci95: Interval } {
  const { auc, ofPositives, ofNegatives } = placements(labels, scores);
  const variance =
    covariance(ofPositives, ofPositives) / ofPositives.length +
    covariance(ofNegatives, ofNegatives) / ofNegatives.length;
  const standardError = Math.sqrt(variance);
  const ci95 = [Math.max(0, auc - Z95 * standardError), Math.min(1, auc + Z95 * standardError)] as const;
  return { auc, standardError, ci95 };
}

/**
 * Tests whether two models' areas under the ROC curve differ on the same rows.
 * @param labels 0 or 1 each
 * @param scoresA one score per row, on any scale
 * @param scoresB as `scoresA`, of the other model
 */
export function delongTest(
  labels: ArrayLike<number>,
  scoresA: ArrayLike<number>,
  scoresB: ArrayLike<number>,
): DelongTest {
  const [a, b] = [placements(labels, scoresA), placements(labels, scoresB)];
  const positives = a.ofPositives.map((value, i) => value - (b.ofPositives[i] as number));
  const negatives = a.ofNegatives.map((value, i) => value - (b.ofNegatives[i] as number));
  const variance =
    covariance(positives, positives) / positives.length + covariance(negatives, negatives) / negatives.length;
  const difference = a.auc - b.auc;
  const standardError = Math.sqrt(variance);
  // Models that rank alike leave rounding only.
  const z = Math.abs(difference) < 1e-15 ? 0 : difference / standardError;
  const ci95 = [difference - Z95 * standardError, difference + Z95 * standardError] as const;
  return { aucA: a.auc, aucB: b.auc, difference, standardError, ci95, z, p: twoSidedNormal(z) };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function covariance(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  return a.reduce((sum, value, i) => sum + (value - meanA) * ((b[i] as number) - meanB), 0) / (a.length - 1);
}
