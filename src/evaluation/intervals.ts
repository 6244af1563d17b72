/** @module Bootstrap intervals of all measures from the same resamples. */
import { type BootstrapOptions, bootstrap, type Interval, rankRows } from "./bootstrap";
import { withoutCertainty } from "./certainty";
import { type DecisionMetrics, decisionMetrics } from "./confusion";
import { averagePrecisionOf, type ClassCounts, checkScores, type Ranking, rocAucOf } from "./ranking";

/** The measures with an interval. */
export type IntervalName = "rocAuc" | "prAuc" | keyof DecisionMetrics;

/**
 * 95 % bootstrap intervals of the areas under the curves and of the measures at a threshold.
 * @param scores probabilities of the positive class
 * @throws {InputError} `METRICS_*` for invalid labels or scores
 */
export function metricIntervals(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  { threshold = 0.5, ...options }: BootstrapOptions & { threshold?: number } = {},
): Record<IntervalName, Interval> {
  checkScores(labels, scores);
  const rows = rankRows(labels, scores);
  const found = bootstrap(rows, measuresAt(rows.ranking, threshold), options);
  return withoutCertainty(found, { labels, ...rows, ...options }, (ranking) => measuresAt(ranking, threshold));
}

/** Returns a function that computes all measures from the class counts at each rank. */
export function measuresAt(
  { scores }: Pick<Ranking, "scores">,
  threshold: number,
): (counts: ClassCounts) => Record<IntervalName, number> {
  const first = scores.findIndex((score) => score >= threshold);
  const cut = first < 0 ? scores.length : first;
  return (counts) => ({
    rocAuc: rocAucOf(counts),
    prAuc: averagePrecisionOf(counts),
    ...decisionMetrics(confusionAbove(cut, counts)),
  });
}

/** Counts decisions that predict the ranks from `cut` on as positive. */
function confusionAbove(cut: number, { positives, negatives }: ClassCounts) {
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
