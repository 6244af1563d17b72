/** @module Between logits and probabilities. */

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
