/** @module Percentiles of many values without sorting them all. */

const BUCKETS = 1 << 12;

/**
 * The percentile of the first `count` values, with linear interpolation between neighbours (as `numpy.percentile`).
 * Equal to sorting, but only the values near the answer are sorted.
 * @param percent 0 to 100
 */
export function percentile(values: Float32Array, count: number, percent: number): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) return low;
  const scale = (BUCKETS - 1) / (high - low);
  const counts = new Uint32Array(BUCKETS);
  for (let i = 0; i < count; i++) counts[(((values[i] as number) - low) * scale) | 0]!++;
  const rank = ((count - 1) * percent) / 100;
  const [below, above] = [Math.floor(rank), Math.ceil(rank)];
  const [first, before] = bucketOf(counts, below);
  const [last] = bucketOf(counts, above);
  const near: number[] = [];
  for (let i = 0; i < count; i++) {
    const bucket = (((values[i] as number) - low) * scale) | 0;
    if (bucket === first || bucket === last) near.push(values[i] as number);
  }
  const sorted = Float32Array.from(near).sort();
  const lower = sorted[below - before] as number;
  return lower + (rank - below) * ((sorted[above - before] as number) - lower);
}

/** The bucket that holds the value of a rank, and how many values lie in lower buckets. */
function bucketOf(counts: Uint32Array, rank: number): [bucket: number, before: number] {
  let before = 0;
  for (let bucket = 0; ; bucket++) {
    const inside = counts[bucket] as number;
    if (before + inside > rank) return [bucket, before];
    before += inside;
  }
}
