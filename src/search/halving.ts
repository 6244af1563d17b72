/**
 * @module Asynchronous successive halving (Li et al. 2018, "A system for massively parallel hyperparameter tuning") with
 * stopping: at each rung only the best of the trials that have reached it so far continue.
 */
import type { Rung } from "./journal";
import { comparable } from "./objective";

export interface Halving {
  /** Epochs before a trial may be stopped. */
  readonly minimumEpochs: number;
  /** At each rung one of this many trials continues, and the next rung is this many times higher. */
  readonly reduction: number;
}

/** Epochs at which trials are compared, below `epochs`. */
export function rungsOf({ minimumEpochs, reduction }: Halving, epochs: number): number[] {
  const rungs: number[] = [];
  for (let epoch = minimumEpochs; epoch < epochs; epoch *= reduction) rungs.push(epoch);
  return rungs;
}

/**
 * True if a trial ends at a rung. All trials continue until `reduction` of them have reached the rung, because a rank among
 * fewer means little. A resumed trial gets the same answer again.
 */
export function stopsAt(
  { reduction }: Halving,
  known: readonly Rung[],
  { trial, epoch, merit }: Pick<Rung, "trial" | "epoch" | "merit">,
): boolean {
  const others = known.filter((rung) => rung.epoch === epoch);
  const before = others.find((rung) => rung.trial === trial);
  if (before) return before.stop;
  const count = others.length + 1;
  if (count < reduction) return false;
  const own = comparable(merit);
  const better = others.filter((rung) => comparable(rung.merit) > own).length;
  return better >= Math.floor(count / reduction) || own === Number.NEGATIVE_INFINITY;
}
