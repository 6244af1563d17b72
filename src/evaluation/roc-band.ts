/** @module The band of a ROC curve: at each false positive rate, the true positive rates that the rows do not rule out. */
import { designEffect, varianceOf } from "./contributions";
import { type RocCurve, rocCurve } from "./curves";
import { placements } from "./delong";
import type { RowGroups } from "./row-groups";
import { shareInterval } from "./score-interval";
import { Z95 } from "./statistics";

/** Pointwise 95 % band of a ROC curve on an even grid of false positive rates; NaN if a class is missing. */
export interface RocBand {
  readonly falsePositiveRate: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * At each of `points` false positive rates, the 95 % interval of the true positive rate. Two independent errors are added as squares
 * (Zou and Donner 2008): the positives', by Wilson's interval of a share, and the negatives', by how far the curve rises between the
 * rates that as many negatives may show at the right threshold. Where rows come in groups, their number is divided by the design
 * effect. A perfect curve of few rows has a wide band, where resampled curves are all perfect.
 */
export function rocBand(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  { groups, points = 101 }: { readonly groups?: RowGroups | undefined; readonly points?: number } = {},
): RocBand {
  const curve = rocCurve(labels, scores);
  const { contributions } = placements(labels, scores);
  const [negatives, positives] = [0, 1].map((label) => rowsOf(label, labels, contributions, groups)) as [Rows, Rows];
  const falsePositiveRate = Float64Array.from({ length: points }, (_, i) => i / (points - 1));
  const [low, high] = [new Float64Array(points).fill(Number.NaN), new Float64Array(points).fill(Number.NaN)];
  if (negatives.n === 0 || positives.n === 0) return { falsePositiveRate, low, high };
  for (const [i, rate] of falsePositiveRate.entries()) {
    const height = heightAt(curve, rate, "top");
    const [least, most] = shareInterval(height, positives.n, positives.z);
    const apart = negatives.z * Math.sqrt((rate * (1 - rate)) / negatives.n);
    const left = heightAt(curve, Math.max(0, rate - apart), "bottom");
    const right = heightAt(curve, Math.min(1, rate + apart), "top");
    low[i] = Math.max(0, height - Math.hypot(height - least, height - left));
    high[i] = Math.min(1, height + Math.hypot(most - height, right - height));
  }
  low[points - 1] = 1;
  // As the curve rises, so do the limits.
  for (let i = 1; i < points; i++) low[i] = Math.max(low[i] as number, low[i - 1] as number);
  for (let i = points - 2; i >= 0; i--) high[i] = Math.min(high[i] as number, high[i + 1] as number);
  return { falsePositiveRate, low, high };
}

/** Number of rows of a class, divided by the design effect of groups, and the limit in standard errors. */
interface Rows {
  readonly n: number;
  readonly z: number;
}

/** @param contributions of the rows to the area, whose variance within the class has the design effect */
function rowsOf(
  label: number,
  labels: ArrayLike<number>,
  contributions: Float64Array,
  groups: RowGroups | undefined,
): Rows {
  const isOwn = (_: number, row: number) => labels[row] === label;
  const own = contributions.filter(isOwn);
  const n = own.length;
  const within = groups?.filter(isOwn);
  if (!within || n === 0) return { n, z: Z95 };
  const units = new Set(within).size;
  const sameLabel = new Uint8Array(n);
  const grouped = varianceOf({ labels: sameLabel, groups: within }, own);
  const { factor, z } = designEffect(grouped, varianceOf({ labels: sameLabel }, own), n / units, units);
  return { n: n / factor, z };
}

/** The height of the curve at a rate, by linear interpolation; of a vertical stretch, its top or its bottom. */
function heightAt(
  { falsePositiveRate: x, truePositiveRate: y }: RocCurve,
  rate: number,
  end: "top" | "bottom",
): number {
  const isBefore = (value: number) => (end === "top" ? value <= rate : value < rate);
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(x[middle] as number)) low = middle + 1;
    else high = middle;
  }
  const at = end === "top" ? low - 1 : low;
  if (x[at] === rate) return y[at] as number;
  const [x0, x1, y0, y1] = [x[low - 1], x[low], y[low - 1], y[low]] as [number, number, number, number];
  return y0 + ((y1 - y0) * (rate - x0)) / (x1 - x0);
}
