/**
 * @module Score intervals (Wilson 1927): all true values from which the measured one is no more than z standard errors away, each with
 * the standard error that it would have. They hold with few rows and near 0 and 1, where intervals of the measured value's standard
 * error and of bootstrap percentiles are too narrow, and they never claim certainty.
 */
import { type Contributions, varianceOf } from "./contributions";
import type { RowGroups } from "./row-groups";
import { type Interval, tQuantile, Z95 } from "./statistics";

/** Halvings of the range: ends are exact to 1e-12. */
const HALVINGS = 40;

/** The score interval of a measure from 0 to 1, by bisection. @param variance of the measured value, given the true one @param z limit */
export function scoreInterval(value: number, variance: (truth: number) => number, z = Z95): Interval {
  const end = (limit: 0 | 1): number => {
    let [inside, outside] = [value, limit as number];
    for (let i = 0; i < HALVINGS; i++) {
      const middle = (inside + outside) / 2;
      if ((value - middle) ** 2 <= z * z * variance(middle)) inside = middle;
      else outside = middle;
    }
    return value === limit ? limit : inside;
  };
  return [end(0), end(1)];
}

/** The score interval of a share of `n` independent rows: Wilson's. @param n may be a fraction, if rows are dependent */
export function shareInterval(share: number, n: number, z = Z95): Interval {
  if (n === 0) return Number.isNaN(share) ? [Number.NaN, Number.NaN] : [0, 1];
  const z2 = (z * z) / n;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (Math.sqrt((share * (1 - share)) / n + z2 / (4 * n)) * z) / (1 + z2);
  return [share === 0 ? 0 : centre - half, share === 1 ? 1 : centre + half];
}

/**
 * 95 % interval of the mean of positive values, such as losses: Student's t on the log scale, because few large ones decide.
 * @param groups of dependent values, at least as wide as if they were independent
 */
export function meanInterval(values: Float64Array, groups?: RowGroups): Interval {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const units = groups ? new Set(groups).size : n;
  if (units < 2 || mean === 0) return [0, Number.POSITIVE_INFINITY];
  const labels = new Uint8Array(n);
  const contributions = values.map((value) => (value - mean) / n);
  const variance = Math.max(varianceOf({ labels }, contributions), varianceOf({ labels, groups }, contributions));
  const half = (tQuantile(units - 1) * Math.sqrt(variance)) / mean;
  return [mean * Math.exp(-half), mean * Math.exp(half)];
}

/** A part of a sum of measures. */
interface Part {
  readonly weight: number;
  readonly value: number;
  readonly interval: Interval;
}

/** The interval of a weighted sum of two measures ("square and add": Newcombe 1998; Zou and Donner 2008). @param correlation of their errors */
export function sumInterval([a, b]: readonly [Part, Part], correlation: number): Interval {
  const distance = (end: 0 | 1) => {
    const [x, y] = [a, b].map((part) => part.weight * Math.abs(part.interval[end] - part.value)) as [number, number];
    return Math.sqrt(Math.max(0, x * x + y * y + 2 * correlation * x * y));
  };
  const sum = a.weight * a.value + b.weight * b.value;
  return [Math.max(0, sum - distance(0)), Math.min(1, sum + distance(1))];
}

/** What an interval of a difference needs of a measure. */
export interface Estimate {
  readonly value: number;
  readonly interval: Interval;
  /** Squared standard error. */
  readonly variance: number;
  /** Likely largest distance from the true value in standard errors. */
  readonly limit: number;
}

/** A measure with its interval and the contributions of the rows. */
export interface MeasuredEstimate extends Estimate {
  readonly contributions: Contributions;
}

/**
 * The interval of the difference of two models' measures on the same rows. Half the width of each measure's interval is its error; it is
 * at least as wide as the difference's own standard error requires.
 * @param variance of the difference; NaN if it is unknown
 */
export function differenceInterval(a: Estimate, b: Estimate, variance: number): Interval {
  const difference = a.value - b.value;
  const product = Math.sqrt(a.variance * b.variance);
  const correlation = product > 0 ? (a.variance + b.variance - variance) / (2 * product) : 0;
  const [x, y] = [a, b].map(({ interval: [low, high] }) => (high - low) / 2) as [number, number];
  const joint = Math.sqrt(Math.max(0, x * x + y * y - 2 * Math.max(-1, Math.min(1, correlation)) * x * y));
  const half = Math.max(joint, variance > 0 ? Math.max(a.limit, b.limit) * Math.sqrt(variance) : 0);
  return [Math.max(-1, difference - half), Math.min(1, difference + half)];
}
