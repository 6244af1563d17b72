/** @module Selects the models of an ensemble by their predictions on the validation tiles. */

/** Largest number of members. A model that is added twice counts twice. */
const ROUNDS = 25;
/** Smallest distance of a probability from 0 and 1 in the loss, so that the loss stays finite. */
const MARGIN = 1e-6;

/**
 * Weights of the models, which sum to 1. Starts with no model and repeatedly adds the model that lowers the log loss of the mean
 * probability most, until no model lowers it. A model can be added several times.
 * @param labels 0 or 1
 * @param scores of each model, a probability for each label
 * @see Caruana et al. 2004, "Ensemble Selection from Libraries of Models", sections 2 and 2.1
 */
export function selectEnsemble(labels: readonly number[], scores: readonly (readonly number[])[]): number[] {
  const counts = scores.map(() => 0);
  let sums = labels.map(() => 0);
  let best = Number.POSITIVE_INFINITY;
  for (let members = 1; members <= ROUNDS; members++) {
    const losses = scores.map((own) => logLoss(labels, (i) => ((sums[i] as number) + (own[i] as number)) / members));
    const next = losses.indexOf(Math.min(...losses));
    if ((losses[next] as number) >= best) break;
    best = losses[next] as number;
    (counts[next] as number)++;
    sums = sums.map((sum, i) => sum + (scores[next]?.[i] as number));
  }
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => count / total);
}

const FOLDS = 5;

/**
 * For each tile the mean probability with weights selected without it or its group, in five folds; undefined if there is one group.
 * @param groups of dependent tiles, which are in one fold
 */
export function heldOutMeans(
  labels: readonly number[],
  scores: readonly (readonly number[])[],
  groups?: ArrayLike<number>,
): number[] | undefined {
  const turns = [0, 0];
  const folds = labels.map((label, i) => (groups?.[i] ?? turns[label]!++) % FOLDS);
  if (new Set(folds).size < 2) return undefined;
  const weightsFor = Array.from({ length: FOLDS }, (_, fold) => {
    const isSeen = (_: unknown, i: number) => folds[i] !== fold;
    return selectEnsemble(
      labels.filter(isSeen),
      scores.map((own) => own.filter(isSeen)),
    );
  });
  return labels.map((_, i) => {
    const weights = weightsFor[folds[i] as number] as number[];
    return scores.reduce((sum, own, k) => sum + (weights[k] as number) * (own[i] as number), 0);
  });
}

function logLoss(labels: readonly number[], probability: (i: number) => number): number {
  return labels.reduce((sum, label, i) => {
    const p = Math.min(1 - MARGIN, Math.max(MARGIN, probability(i)));
    return sum - Math.log(label > 0.5 ? p : 1 - p);
  }, 0);
}
