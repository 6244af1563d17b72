/** @module Intervals, and quantiles of values. */

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

/** A quantile of sorted values by linear interpolation between order statistics (NumPy's default); NaN without values. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (position - below) * (high - low);
}
