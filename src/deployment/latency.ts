/** @module What the simulations share: durations drawn from measurements, summaries of latencies, and events in order of time. */
import { quantile } from "../collections/index";
import type { Random } from "../random/index";

/** Draws one duration in seconds. */
export type Sampler = (random: Random) => number;

/** Draws from measured durations (seconds) with equal probability. */
export function measured(durations: readonly number[]): Sampler {
  if (durations.length === 0) throw new RangeError("There are no measured durations to draw from.");
  return (random) => random.pick(durations);
}

/** In seconds. */
export interface LatencySummary {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Quantiles by linear interpolation between order statistics (type 7, Hyndman and Fan 1996); NaN without values. */
export function summarize(values: ArrayLike<number>): LatencySummary {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => quantile(sorted, share);
  let sum = 0;
  for (const value of sorted) sum += value;
  return { mean: sum / sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Times of future events. Thousands at once (one per busy environment or place), so that a sorted list is fast enough. */
export class TimeQueue {
  /** Descending: the earliest is removed at the end. */
  private readonly times: number[] = [];

  get size(): number {
    return this.times.length;
  }

  /** The earliest time, `Infinity` when empty. */
  get first(): number {
    return this.times.at(-1) ?? Number.POSITIVE_INFINITY;
  }

  add(time: number): void {
    let [from, to] = [0, this.times.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.times[middle]! < time) to = middle;
      else from = middle + 1;
    }
    this.times.splice(from, 0, time);
  }

  take(): number {
    return this.times.pop() ?? Number.POSITIVE_INFINITY;
  }
}
