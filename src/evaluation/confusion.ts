/** @module Counts of right and wrong decisions at a threshold, and the measures that follow from them. */

/** True and false positives and negatives. */
export interface Confusion {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

/** Measures of a yes-or-no decision. All lie from 0 to 1. */
export interface DecisionMetrics {
  readonly accuracy: number;
  /** Mean of recall and specificity; of the one that exists where a class is missing. */
  readonly balancedAccuracy: number;
  readonly precision: number;
  /** Share of the positives found; also called sensitivity. */
  readonly recall: number;
  readonly specificity: number;
  readonly f1: number;
  /** Precision of both classes, weighted by how often each occurs. */
  readonly weightedPrecision: number;
  readonly weightedRecall: number;
  readonly weightedF1: number;
  /** Share of the positives missed; NaN (JSON `null`) where there is no positive. */
  readonly falseNegativeRate: number;
}

/** Counts decisions; a score at or above `threshold` means positive. */
export function confusionAt(labels: ArrayLike<number>, scores: ArrayLike<number>, threshold: number): Confusion {
  let [tp, fp, tn, fn] = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    if ((scores[i] as number) >= threshold) {
      if (labels[i]) tp++;
      else fp++;
    } else if (labels[i]) fn++;
    else tn++;
  }
  return { tp, fp, tn, fn };
}

/**
 * The measures of a confusion table, equal to scikit-learn's with its default for divisions by zero: precision, recall and F1
 * are 0 where nothing was predicted or nothing is there to be found.
 */
export function decisionMetrics({ tp, fp, tn, fn }: Confusion): DecisionMetrics {
  const [positives, negatives] = [tp + fn, tn + fp];
  const n = positives + negatives;
  const recall = ratio(tp, positives);
  const specificity = ratio(tn, negatives);
  const f1 = ratio(2 * tp, 2 * tp + fp + fn);
  const precision = ratio(tp, tp + fp);
  const weighted = (ofPositive: number, ofNegative: number) => (positives * ofPositive + negatives * ofNegative) / n;
  return {
    accuracy: (tp + tn) / n,
    balancedAccuracy: positives === 0 ? specificity : negatives === 0 ? recall : (recall + specificity) / 2,
    precision,
    recall,
    specificity,
    f1,
    weightedPrecision: weighted(precision, ratio(tn, tn + fn)),
    weightedRecall: weighted(recall, specificity),
    weightedF1: weighted(f1, ratio(2 * tn, 2 * tn + fn + fp)),
    falseNegativeRate: fn / positives,
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
