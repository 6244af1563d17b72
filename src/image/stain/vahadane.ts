/**
 * @module Stain normalization by sparse non-negative matrix factorization of the optical densities.
 * @see Vahadane et al., "Structure-preserving color normalization and sparse stain separation for histological images",
 * IEEE Transactions on Medical Imaging 2016. Penalties as in StainTools (0.1 to learn the stains, 0.01 for concentrations).
 */
import { onDemand } from "../../collections/index";
import {
  areTwoStains,
  concentrationScale,
  densityTable,
  IntensityTable,
  isColourless,
  orderedStains,
  type StainMatrix,
  type StainProfile,
} from "./optical-density";
import { percentile } from "./percentile";
import { SparseCoder, type Tissue, totalsOf } from "./sparse-codes";

const LIGHT = 255;
const LEARNING_PENALTY = 0.1;
const CODING_PENALTY = 0.01;
const MAXIMUM_PERCENTILE = 99;
/** Tissue is darker than lightness 79.8 (0.8 of 255 in eight bits), given as luminance of linear light. */
const TISSUE_LUMINANCE = ((203.5 / 2.55 + 16) / 116) ** 3;
const LEAST_TISSUE = 0.005;
/** Between the stains of real tiles the sine is 0.14 to 0.27; within one noisy stain it is below this. */
const LEAST_SINE = 0.11;
/** Start of learning: the vectors of Ruifrok and Johnston, 2001. Fixed, so that the result is not random. */
const START: Vectors = orderedStains([0.65, 0.7, 0.29], [0.07, 0.99, 0.11]).flat();

const DENSITY = densityTable((byte) => Math.max(1, byte) / LIGHT).map((density) => Math.max(density, 1e-6));
const intensityTable = onDemand(() => new IntensityTable(LIGHT));
const LUMINANCE = Float64Array.from({ length: 768 }, (_, index) => {
  const value = (index & 255) / 255;
  const linear = value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;
  return ([0.212671, 0.71516, 0.072169][index >> 8] as number) * linear;
});

/** The stains of a tile; undefined with too little coloured tissue or only one stain. @param pixels uint8 RGB */
export function vahadaneProfile(pixels: Uint8Array): StainProfile | undefined {
  const stains = learnStains(pixels);
  if (stains === undefined || stains === "blank") return undefined;
  return { stains, maximum: maxima(concentrations(pixels, stains)) };
}

/** Changes a tile's stains to the reference's. Copies tiles without coloured tissue unchanged. */
export function vahadaneTransform(pixels: Uint8Array, reference: StainProfile, into: Uint8Array): void {
  const own = learnStains(pixels);
  if (own === "blank") {
    into.set(pixels);
    return;
  }
  const stains = own ?? reference.stains;
  const codes = concentrations(pixels, stains);
  const [scaleH, scaleE] = concentrationScale({ stains, maximum: maxima(codes) }, reference, own === undefined);
  const [vectorH, vectorE] = reference.stains;
  const vectors = [...vectorH.map((density) => density * scaleH), ...vectorE.map((density) => density * scaleE)];
  intensityTable().paint(codes.h, codes.e, vectors, into);
}

/** `blank` with too little coloured tissue, undefined with only one stain. */
function learnStains(pixels: Uint8Array): StainMatrix | "blank" | undefined {
  const tissue = { pixels, density: DENSITY, luminance: LUMINANCE, limit: TISSUE_LUMINANCE };
  const learned = learnVectors(tissue, START, LEARNING_PENALTY, LEAST_TISSUE);
  if (learned === undefined || learned === "blank") return learned;
  const stains = orderedStains(learned.slice(0, 3), learned.slice(3));
  return areTwoStains(stains, LEAST_SINE) ? stains : undefined;
}

interface Codes {
  readonly h: Float32Array;
  readonly e: Float32Array;
}

let buffer: Codes = { h: new Float32Array(0), e: new Float32Array(0) };

/** Concentrations of the stains in reused memory, valid until the next call. */
function concentrations(pixels: Uint8Array, stains: StainMatrix): Codes {
  const n = pixels.length / 3;
  if (buffer.h.length !== n) buffer = { h: new Float32Array(n), e: new Float32Array(n) };
  new SparseCoder(stains.flat(), CODING_PENALTY).encode(pixels, DENSITY, buffer.h, buffer.e);
  return buffer;
}

function maxima({ h, e }: Codes): [number, number] {
  return [percentile(h, h.length, MAXIMUM_PERCENTILE), percentile(e, e.length, MAXIMUM_PERCENTILE)];
}

/** Red, green, blue of the first stain, then of the second. */
type Vectors = readonly number[];

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
function learnVectors(
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
