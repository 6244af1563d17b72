/** @module Percentiles of many values without sorting all of them. */

const BUCKETS = 1 << 12;

/**
 * The percentile of the first `count` values, with linear interpolation between neighbours (like `numpy.percentile`). Sorts only the
 * values near the result.
 * @param percent 0 to 100
 */
export function percentile(values: Float32Array, count: number, percent: number): number {
  const used = values.subarray(0, count);
  const [low, high] = range(used);
  if (!(high > low)) return low;
  const scale = (BUCKETS - 1) / (high - low);
  const counts = new Uint32Array(BUCKETS);
  countBuckets(used, low, scale, counts);
  const rank = ((count - 1) * percent) / 100;
  const [below, above] = [Math.floor(rank), Math.ceil(rank)];
  const [first, before] = bucketOf(counts, below);
  const [last] = bucketOf(counts, above);
  const sorted = Float32Array.from(inBuckets(used, low, scale, first, last)).sort();
  const lower = sorted[below - before] as number;
  return lower + (rank - below) * ((sorted[above - before] as number) - lower);
}

// The loops over all values are separate functions: V8 compiles code after a long loop before it has ever run, and must
// discard the compiled code when it is reached, again in each call.

function range(values: Float32Array): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function countBuckets(values: Float32Array, low: number, scale: number, counts: Uint32Array): void {
  for (let i = 0; i < values.length; i++) counts[(((values[i] as number) - low) * scale) | 0]!++;
}

/** The values whose bucket is `first` or `last`. */
function inBuckets(values: Float32Array, low: number, scale: number, first: number, last: number): number[] {
  const near: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const bucket = ((value - low) * scale) | 0;
    if (bucket === first || bucket === last) near.push(value);
  }
  return near;
}

/** The bucket with the value of a rank, and the number of values in lower buckets. */
function bucketOf(counts: Uint32Array, rank: number): [bucket: number, before: number] {
  let before = 0;
  for (let bucket = 0; ; bucket++) {
    const inside = counts[bucket] as number;
    if (before + inside > rank) return [bucket, before];
    before += inside;
  }
}
