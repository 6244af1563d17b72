/**
 * @module Asynchronous successive halving (Li et al. 2018, "A system for massively parallel hyperparameter tuning"), in the
 * form that stops trials: at each rung only the best of those that have got there so far go on.
 */
import type { Rung } from "./journal";

export interface Halving {
  /** Epochs before a trial may be stopped. */
  readonly minimumEpochs: number;
  /** One of so many goes on at each rung, and the next rung is so many times higher. */
  readonly reduction: number;
}

/** Epochs at which trials are compared, below `epochs`. */
export function rungsOf({ minimumEpochs, reduction }: Halving, epochs: number): number[] {
  const rungs: number[] = [];
  for (let epoch = minimumEpochs; epoch < epochs; epoch *= reduction) rungs.push(epoch);
  return rungs;
}

/**
 * Whether a trial ends at a rung. As long as fewer than `reduction` trials have got there, all go on: with so few a rank
 * says little. A trial that comes again (resumed) gets the answer it had.
 */
export function stopsAt(
  { reduction }: Halving,
  known: readonly Rung[],
  { trial, epoch, merit }: Pick<Rung, "trial" | "epoch" | "merit">,
): boolean {
  const there = known.filter((rung) => rung.epoch === epoch);
  const before = there.find((rung) => rung.trial === trial);
  if (before) return before.stop;
  const count = there.length + 1;
  if (count < reduction) return false;
  const better = there.filter((rung) => rung.merit > merit).length;
  return better >= Math.floor(count / reduction) || Number.isNaN(merit);
}
