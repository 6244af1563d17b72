/**
 * @module Learns the two stain vectors of a tile by sparse dictionary learning: minimizes `|x - D c|^2 / 2 + penalty |c|_1` over the
 * codes c >= 0 of the tissue's densities x and over the vectors D >= 0 of length at most 1, like SPAMS's `trainDL`.
 *
 * Alternates between codes and vectors. The set of codes above 0 hardly changes; as long as it does not, a round needs only sums
 * of the densities and their products, so that few rounds read the pixels.
 */
import { SparseCoder, type Tissue, totalsOf } from "./sparse-codes";
import { isColourless } from "./two-stains";

/** Red, green, blue of the first stain, then of the second. */
export type Vectors = readonly number[];

/**
 * Uses a part of the pixels first, then more, then all. The strides divide no usual width, so that a part does not consist of a few
 * columns. A level ends when reading its pixels moves the vectors by less than the tolerance, or after `looks` readings. Further
 * readings have effects of second order: after reading all pixels once or twice, colours are within a level or two of the result
 * of hundreds of readings.
 */
const LEVELS = [
  { stride: 37, tolerance: 1e-4, looks: 30 },
  { stride: 7, tolerance: 1e-4, looks: 30 },
  { stride: 1, tolerance: 1e-2, looks: 2 },
] as const;
/** Rounds between two readings. With more rounds, codes that should have become 0 would distort the vectors. */
const ROUNDS = 6;
/** Rounds end early if they move the vectors by less. */
const STANDSTILL = 2e-5;

/**
 * The stain vectors of a tile's tissue.
 * @param leastTissue least share of tissue pixels
 * @returns `blank` with less coloured tissue, undefined if one of the stains is absent
 */
export function learnVectors(
  tissue: Tissue,
  start: Vectors,
  penalty: number,
  leastTissue: number,
): Vectors | "blank" | undefined {
  let at = start;
  for (const { stride, tolerance, looks } of LEVELS) {
    for (let look = 0; look < looks; look++) {
      const sums = new SparseCoder(at, penalty).sumByKind(tissue, stride);
      const all = stride === 1;
      if (all && isBlank(sums, leastTissue * (tissue.pixels.length / 3))) return "blank";
      const next = settle(sums, at, penalty);
      if (next === undefined) {
        if (all) return undefined;
        // All pixels together may have enough of a stain even if a part has not.
        break;
      }
      const moved = distance(next, at);
      at = next;
      if (moved < tolerance) break;
    }
  }
  return at;
}

function isBlank(sums: Float64Array, leastPixels: number): boolean {
  const { pixels, red, green, blue } = totalsOf(sums);
  return pixels < leastPixels || isColourless(red, green, blue);
}

/**
 * Alternates between codes and vectors until the vectors converge, without changing the pixels' kinds. Squared extrapolation needs
 * only a fifth of the rounds (SQUAREM; Varadhan and Roland, Scandinavian Journal of Statistics 2008, scheme S3).
 */
function settle(sums: Float64Array, start: Vectors, penalty: number): Vectors | undefined {
  let at = start;
  for (let round = 0; round < ROUNDS; round += 3) {
    const one = improved(sums, at, penalty);
    const two = one && improved(sums, one, penalty);
    if (!two) return undefined;
    const step = one.map((value, i) => value - (at[i] as number));
    const bend = two.map((value, i) => value - 2 * (one[i] as number) + (at[i] as number));
    const reach = Math.max(1, Math.hypot(...step) / Math.max(Math.hypot(...bend), 1e-12));
    const far = at.map((value, i) =>
      Math.max(0, value + 2 * reach * (step[i] as number) + reach * reach * (bend[i] as number)),
    );
    const next = improved(sums, far, penalty) ?? two;
    const moved = distance(next, two);
    at = next;
    if (moved < STANDSTILL) break;
  }
  return at;
}

/** One round: the best codes for the vectors, then the best vectors (non-negative, length at most 1) for these codes. */
function improved(sums: Float64Array, vectors: Vectors, penalty: number): Vectors | undefined {
  const { hh, he, ee, hx, ex } = new SparseCoder(vectors, penalty).momentsOf(sums);
  if (!(hh > 0 && ee > 0)) return undefined;
  let h = vectors.slice(0, 3);
  let e = vectors.slice(3);
  for (let inner = 0; inner < 5; inner++) {
    h = within(hx[0] - he * (e[0] as number), hx[1] - he * (e[1] as number), hx[2] - he * (e[2] as number), hh);
    e = within(ex[0] - he * (h[0] as number), ex[1] - he * (h[1] as number), ex[2] - he * (h[2] as number), ee);
  }
  return [...h, ...e];
}

/** A vector divided by a number, made non-negative and of length at most 1. */
function within(r: number, g: number, b: number, by: number): number[] {
  const [x, y, z] = [Math.max(0, r / by), Math.max(0, g / by), Math.max(0, b / by)];
  const length = Math.max(1, Math.sqrt(x * x + y * y + z * z));
  return [x / length, y / length, z / length];
}

function distance(a: Vectors, b: Vectors): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
}
