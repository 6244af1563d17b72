/**
 * @module Finds tiles that show the same with different pixels: recompressed, recoloured, blurred, rotated or mirrored.
 *
 * Candidates come from a perceptual hash (signs of the low frequencies of the discrete cosine transform, as in Zauner,
 * "Implementation and benchmarking of perceptual image hash functions", 2010). Rotating an image only swaps and negates
 * frequencies, so that one transform is enough to compare all eight views. Candidates with highly correlated thumbnails are
 * near duplicates. Does not find tiles that overlap only in part.
 */
import { THUMBNAIL, type TileStatistics } from "./statistics";

export interface NearDuplicate {
  /** Rows of the statistics, `first < second`. */
  readonly first: number;
  readonly second: number;
  /** Correlation of the grey thumbnails in the best of the eight views, up to 1. */
  readonly similarity: number;
}

const FREQUENCIES = 8;
const LEAST_CORRELATION = 0.97;
const FARTHEST_HASH = 12;
const SMALL_SET = 20_000;

/** Finds near duplicates among tiles. @param excluded rows to ignore, such as blank tiles, which all look alike */
export function nearDuplicates(statistics: TileStatistics, excluded: ReadonlySet<number> = new Set()): NearDuplicate[] {
  const count = statistics.names.length;
  const thumbnail = (row: number) => statistics.thumbnails.subarray(row * THUMBNAIL ** 2, (row + 1) * THUMBNAIL ** 2);
  const index = new HashIndex(count);
  const found: NearDuplicate[] = [];
  const seen = new Int32Array(count).fill(-1);
  for (let row = 0; row < count; row++) {
    if (excluded.has(row)) continue;
    const frequencies = lowFrequencies(thumbnail(row));
    for (let view = 0; view < 8; view++) {
      for (const other of index.near(signs(frequencies, view))) {
        if (seen[other] === row) continue;
        const similarity = correlation(thumbnail(row), thumbnail(other), view);
        if (similarity < LEAST_CORRELATION) continue;
        seen[other] = row;
        found.push({ first: other, second: row, similarity });
      }
    }
    index.add(row, signs(frequencies, 0));
  }
  return found;
}

type Hash = readonly [low: number, high: number];

/** Finds hashes that differ in few bits: these agree in at least one band of bits. */
class HashIndex {
  private readonly bandBits: number;
  private readonly buckets = new Map<number, number[]>();
  private readonly hashes: Hash[] = [];

  constructor(count: number) {
    this.bandBits = count <= SMALL_SET ? 8 : 16;
  }

  add(row: number, hash: Hash): void {
    this.hashes[row] = hash;
    for (const key of bandKeys(hash, this.bandBits)) {
      const bucket = this.buckets.get(key);
      if (bucket) bucket.push(row);
      else this.buckets.set(key, [row]);
    }
  }

  /** Rows with a similar hash, some of them several times. */
  *near(hash: Hash): Generator<number> {
    const [low, high] = hash;
    for (const key of bandKeys(hash, this.bandBits)) {
      for (const row of this.buckets.get(key) ?? []) {
        const [otherLow, otherHigh] = this.hashes[row] as Hash;
        if (bitCount(low ^ otherLow) + bitCount(high ^ otherHigh) <= FARTHEST_HASH) yield row;
      }
    }
  }
}

const COSINES = Float32Array.from({ length: FREQUENCIES * THUMBNAIL }, (_, index) => {
  const [frequency, sample] = [Math.floor(index / THUMBNAIL), index % THUMBNAIL];
  return Math.cos((Math.PI * frequency * (2 * sample + 1)) / (2 * THUMBNAIL));
});

/** The 8x8 lowest frequencies of a thumbnail (type-II cosine transform, unscaled). */
function lowFrequencies(image: Float32Array): Float32Array {
  return transformed(transformed(image, THUMBNAIL), FREQUENCIES);
}

/** The lowest frequencies of each of `count` lines, transposed: [frequencies, count]. */
function transformed(lines: Float32Array, count: number): Float32Array {
  return Float32Array.from({ length: FREQUENCIES * count }, (_, at) => {
    const [frequency, line] = [Math.floor(at / count), at % count];
    let sum = 0;
    for (let i = 0; i < THUMBNAIL; i++)
      sum += (lines[line * THUMBNAIL + i] as number) * (COSINES[frequency * THUMBNAIL + i] as number);
    return sum;
  });
}

/** One bit for the sign of each frequency of a view: bit 0 of `view` mirrors x, bit 1 mirrors y, bit 2 swaps x and y before. */
function signs(frequencies: Float32Array, view: number): Hash {
  const words: [number, number] = [0, 0];
  for (let v = 0; v < FREQUENCIES; v++) {
    for (let u = 0; u < FREQUENCIES; u++) {
      if (u === 0 && v === 0) continue;
      const value = frequencies[view & 4 ? u * FREQUENCIES + v : v * FREQUENCIES + u] as number;
      const mirrored = (view & 1 & u) ^ ((view >> 1) & 1 & v);
      const bit = v * FREQUENCIES + u;
      if (mirrored ? value < 0 : value > 0) words[bit >> 5]! |= 1 << (bit & 31);
    }
  }
  return [words[0] >>> 0, words[1] >>> 0];
}

function* bandKeys([low, high]: Hash, bits: number): Generator<number> {
  const mask = 2 ** bits - 1;
  for (let shift = 0; shift < 32; shift += bits) {
    yield (shift / bits) * 2 ** 17 + ((low >>> shift) & mask);
    yield (shift / bits + 8) * 2 ** 17 + ((high >>> shift) & mask);
  }
}

function bitCount(word: number): number {
  let w = word - ((word >>> 1) & 0x55555555);
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333);
  return (((w + (w >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Pearson correlation of a thumbnail in one of the eight views with another one. */
function correlation(image: Float32Array, other: Float32Array, view: number): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  const last = THUMBNAIL - 1;
  for (let y = 0; y < THUMBNAIL; y++) {
    for (let x = 0; x < THUMBNAIL; x++) {
      const [row, col] = [view & 2 ? last - y : y, view & 1 ? last - x : x];
      const a = image[view & 4 ? col * THUMBNAIL + row : row * THUMBNAIL + col] as number;
      const b = other[y * THUMBNAIL + x] as number;
      sumA += a;
      sumB += b;
      squaresA += a * a;
      squaresB += b * b;
      products += a * b;
    }
  }
  const n = image.length;
  const spread = Math.sqrt((squaresA - (sumA * sumA) / n) * (squaresB - (sumB * sumB) / n));
  return spread > 0 ? (products - (sumA * sumB) / n) / spread : 0;
}
