/** @module Numbers in figures: short enough to keep notebooks and reports small, long enough to be right. */
import type { Interval } from "../evaluation/index";

/** Values to five decimals, enough for rates and probabilities; what is not finite becomes null, which plotly leaves out. */
export function rounded(values: ArrayLike<number>): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? Math.round(value * 1e5) / 1e5 : null));
}

/** `0.876`, or a dash for what does not exist. */
export function short(value: number, digits = 3): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** `0.876 (0.856–0.897)`. */
export function withInterval(value: number, interval: Interval | undefined, digits = 3): string {
  if (!interval?.every(Number.isFinite)) return short(value, digits);
  return `${short(value, digits)} (${short(interval[0], digits)}–${short(interval[1], digits)})`;
}

/**
 * Positions of the points of a line that matter to the eye: the ends and the corners, at most about `limit` of them. (A ROC curve
 * of 100,000 rows has as many points; most lie on straight stretches.)
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
