/** @module A model's worst mistakes, for inspection. */
import { isRight } from "./agreement";
import type { Prediction } from "./predictions";

/** A wrong decision. */
export interface Mistake extends Prediction {
  readonly kind: "false positive" | "false negative";
}

/**
 * Wrong decisions, the most confident first: false positives by highest, false negatives by lowest probability.
 * @param count at most this many of each kind
 */
export function worstMistakes(
  predictions: readonly Prediction[],
  threshold: number,
  count = 8,
): { falsePositives: Mistake[]; falseNegatives: Mistake[] } {
  const wrong = predictions.filter((row) => !isRight(row, threshold));
  const pick = (label: 0 | 1, kind: Mistake["kind"]) =>
    wrong
      .filter((row) => row.label === label)
      .sort((a, b) => (label === 0 ? b.logit - a.logit : a.logit - b.logit) || (a.filename < b.filename ? -1 : 1))
      .slice(0, count)
      .map((row): Mistake => ({ ...row, kind }));
  return { falsePositives: pick(0, "false positive"), falseNegatives: pick(1, "false negative") };
}
