/** @module Between logits and probabilities, and the decision on them. */
import { HistoError } from "../errors/index";

/** Probability of a logit, without overflow. */
export function sigmoid(logit: number): number {
  if (logit >= 0) return 1 / (1 + Math.exp(-logit));
  const e = Math.exp(logit);
  return e / (1 + e);
}

/** Logit of a probability; infinite for 0 and 1. */
export function logitOf(probability: number): number {
  return Math.log(probability) - Math.log1p(-probability);
}

/** A logit with its probability, and the class that the threshold gives. */
export interface Decision {
  /** Log-odds of the positive class. */
  readonly logit: number;
  /** Probability of the positive class. */
  readonly probability: number;
  readonly predictedClass: string;
  /** Smallest probability for which the positive class is predicted. */
  readonly threshold: number;
}

/** @throws {HistoError} `INFERENCE_FAILED` for a logit that is not finite */
export function mustBeFinite(logit: number): void {
  if (Number.isFinite(logit)) return;
  throw new HistoError("INFERENCE_FAILED", "The model gives a number that is not finite for this image.");
}

/**
 * Decides on an image by the logit of a model.
 * @throws {HistoError} `INFERENCE_FAILED` for a logit that is not finite: comparing it with the threshold means nothing
 */
export function decisionOn(
  logit: number,
  { classes, threshold }: { readonly classes: readonly [string, string]; readonly threshold: number },
): Decision {
  mustBeFinite(logit);
  const probability = sigmoid(logit);
  return { logit, probability, predictedClass: classes[probability >= threshold ? 1 : 0], threshold };
}
