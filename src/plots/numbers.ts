/** @module Rounds numbers in figures to keep notebooks and reports small. */
import type { Interval } from "../evaluation/index";
import { decimal } from "../format/index";

/** Rounds values to five decimals, enough for rates and probabilities. Non-finite values become null, which plotly skips. */
export function rounded(values: ArrayLike<number>): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? Math.round(value * 1e5) / 1e5 : null));
}

/** `0.876 (0.856–0.897)`. */
export function withInterval(value: number, interval: Interval | undefined): string {
  if (!interval?.every(Number.isFinite)) return decimal(value);
  return `${decimal(value)} (${decimal(interval[0])}–${decimal(interval[1])})`;
}

/**
 * Indices of the points that shape a line: its ends and corners, at most about `limit`. (A ROC curve of 100,000 rows has
 * as many points, most of them on straight stretches.)
 */
export function cornersOf(x: ArrayLike<number>, y: ArrayLike<number>, limit = 1500): number[] {
  const corners: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const [x0, x1, x2] = [x[i - 1], x[i] as number, x[i + 1]];
    const [y0, y1, y2] = [y[i - 1], y[i] as number, y[i + 1]];
    const end = x0 === undefined || x2 === undefined || y0 === undefined || y2 === undefined;
    if (end || Math.abs((x1 - x0) * (y2 - y1) - (x2 - x1) * (y1 - y0)) > 1e-12) corners.push(i);
  }
  const every = Math.ceil(corners.length / limit);
  return corners.filter((_, i) => i % every === 0 || i === corners.length - 1);
}
