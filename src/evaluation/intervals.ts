/** @module Bootstrap intervals of every measure at once, from the same resamples. */
import { type BootstrapOptions, bootstrap, type Interval, rankRows } from "./bootstrap";
import { type DecisionMetrics, decisionMetrics } from "./confusion";
import { averagePrecisionOf, type ClassCounts, checkScores, rocAucOf } from "./ranking";

/** The measures that get an interval. */
export type IntervalName = "rocAuc" | "prAuc" | keyof DecisionMetrics;

/**
 * 95 % bootstrap intervals of the areas under the curves and of every measure at a threshold.
 * @param scores probabilities of the positive class
 * @throws {InputError} `METRICS_*` for what cannot be evaluated
 */
export function metricIntervals(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  { threshold = 0.5, ...options }: BootstrapOptions & { threshold?: number } = {},
): Record<IntervalName, Interval> {
  checkScores(labels, scores);
  const rows = rankRows(labels, scores);
  const firstPositive = rows.ranking.scores.findIndex((score) => score >= threshold);
  const cut = firstPositive < 0 ? rows.ranking.scores.length : firstPositive;
  return bootstrap(
    rows,
    (counts) => ({
      rocAuc: rocAucOf(counts),
      prAuc: averagePrecisionOf(counts),
      ...decisionMetrics(confusionAbove(cut, counts)),
    }),
    options,
  );
}

/** The decision in which the ranks from `cut` on are called positive. */
export function confusionAbove(cut: number, { positives, negatives }: ClassCounts) {
  let [tp, fp, tn, fn] = [0, 0, 0, 0];
  for (let i = 0; i < positives.length; i++) {
    if (i >= cut) {
      tp += positives[i] as number;
      fp += negatives[i] as number;
    } else {
      fn += positives[i] as number;
      tn += negatives[i] as number;
    }
  }
  return { tp, fp, tn, fn };
}
