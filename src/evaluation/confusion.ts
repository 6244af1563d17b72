/** @module The confusion matrix at a threshold and the measures computed from it. */

/** True and false positives and negatives. */
export interface Confusion {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

/** Measures of binary decisions, all from 0 to 1. */
export type DecisionMetrics = Readonly<ReturnType<typeof decisionMetrics>>;

/** Counts decisions; scores from `threshold` on are positive. */
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

/** The measures, equal to scikit-learn's: precision, recall and F1 are 0 if nothing was predicted or nothing can be found. */
export function decisionMetrics({ tp, fp, tn, fn }: Confusion) {
  const [positives, negatives] = [tp + fn, tn + fp];
  const n = positives + negatives;
  const recall = ratio(tp, positives);
  const specificity = ratio(tn, negatives);
  const f1 = ratio(2 * tp, 2 * tp + fp + fn);
  const precision = ratio(tp, tp + fp);
  const weighted = (ofPositive: number, ofNegative: number) => (positives * ofPositive + negatives * ofNegative) / n;
  return {
    accuracy: (tp + tn) / n,
    /** Mean of recall and specificity; if a class is missing, the other one's value. */
    balancedAccuracy: positives === 0 ? specificity : negatives === 0 ? recall : (recall + specificity) / 2,
    precision,
    /** Share of the positives that are found (sensitivity). */
    recall,
    specificity,
    f1,
    /** Precision of both classes, weighted by their frequency. */
    weightedPrecision: weighted(precision, ratio(tn, tn + fn)),
    weightedRecall: weighted(recall, specificity),
    weightedF1: weighted(f1, ratio(2 * tn, 2 * tn + fn + fp)),
    /** Share of the positives that are missed; NaN (JSON `null`) without positives. */
    falseNegativeRate: fn / positives,
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** How many images each measure that may be undefined is a share of. */
const CASES: Readonly<Record<string, (confusion: Confusion) => number>> = {
  recall: ({ tp, fn }) => tp + fn,
  specificity: ({ tn, fp }) => tn + fp,
  precision: ({ tp, fp }) => tp + fp,
  f1: ({ tp, fp, fn }) => tp + fp + fn,
};

/** A measure for readers: NaN where it is a share of no images, of which files say 0, as scikit-learn does. */
export function definedMeasure(
  name: string,
  { confusion, ...measures }: { readonly confusion: Confusion } & Readonly<Partial<Record<string, unknown>>>,
): number {
  return CASES[name]?.(confusion) === 0 ? Number.NaN : (measures[name] as number);
}
