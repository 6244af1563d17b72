/**
 * @module Stain normalization by sparse non-negative matrix factorization of the optical densities.
 * @see Vahadane et al., "Structure-preserving color normalization and sparse stain separation for histological images",
 * IEEE Transactions on Medical Imaging 2016. Penalties as in StainTools (0.1 to learn the stains, 0.01 for concentrations).
 */
import { densityTable, IntensityTable } from "./optical-density";
import { percentile } from "./percentile";
import { SparseCoder } from "./sparse-codes";
import { areTwoStains, concentrationScale, orderedStains, type StainMatrix, type StainProfile } from "./two-stains";

const LIGHT = 255;
const LEARNING_PENALTY = 0.1;
const CODING_PENALTY = 0.01;
const MAXIMUM_PERCENTILE = 99;
/** Tissue is darker than lightness 79.8 (0.8 of 255 in eight bits), given as luminance of linear light. */
const TISSUE_LUMINANCE = ((203.5 / 2.55 + 16) / 116) ** 3;
const LEAST_TISSUE = 0.005;
/** Between the stains of real tiles the sine is 0.14 to 0.27; within one noisy stain it stays below this. */
const LEAST_SINE = 0.11;
/** Where learning starts: the vectors of Ruifrok and Johnston, 2001, so that the result does not depend on chance. */
const START: Vectors = orderedStains([0.65, 0.7, 0.29], [0.07, 0.99, 0.11]).flat();

const DENSITY = densityTable((byte) => Math.max(1, byte) / LIGHT).map((density) => Math.max(density, 1e-6));
const INTENSITY = new IntensityTable(LIGHT);

/** The stains of a tile, or undefined where there is too little tissue or only one stain. @param pixels uint8 RGB */
export function vahadaneProfile(pixels: Uint8Array): StainProfile | undefined {
  const stains = learnStains(pixels);
  return stains && { stains, maximum: maxima(concentrations(pixels, stains)) };
}

/** Brings a tile's stains to the reference's. A tile without tissue comes back as it is. */
export function vahadaneTransform(pixels: Uint8Array, reference: StainProfile, into: Uint8Array): void {
  const colours = tissueColours(pixels);
  if (colours === undefined) {
    into.set(pixels);
    return;
  }
  const own = learnFrom(colours);
  const stains = own ?? reference.stains;
  const codes = concentrations(pixels, stains);
  const [scaleH, scaleE] = concentrationScale({ stains, maximum: maxima(codes) }, reference, own === undefined);
  const [vectorH, vectorE] = reference.stains;
  const vectors = [...vectorH.map((density) => density * scaleH), ...vectorE.map((density) => density * scaleE)];
  INTENSITY.paint(codes.h, codes.e, vectors, into);
}

interface Codes {
  readonly h: Float32Array;
  readonly e: Float32Array;
}

function concentrations(pixels: Uint8Array, stains: StainMatrix): Codes {
  const n = pixels.length / 3;
  const codes = { h: new Float32Array(n), e: new Float32Array(n) };
  new SparseCoder(stains.flat(), CODING_PENALTY).encode(pixels, DENSITY, codes.h, codes.e);
  return codes;
}

function maxima({ h, e }: Codes): [number, number] {
  return [percentile(h, h.length, MAXIMUM_PERCENTILE), percentile(e, e.length, MAXIMUM_PERCENTILE)];
}

function learnStains(pixels: Uint8Array): StainMatrix | undefined {
  const colours = tissueColours(pixels);
  return colours && learnFrom(colours);
}

/** Distinct colours and how many pixels have each. */
interface Colours {
  readonly count: number;
  readonly weight: Float64Array;
  /** Red, green, blue density of each colour, one colour after the other. */
  readonly density: Float64Array;
}

const LUMINANCE = Float64Array.from({ length: 768 }, (_, index) => {
  const value = (index & 255) / 255;
  const linear = value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;
  return ([0.212671, 0.71516, 0.072169][index >> 8] as number) * linear;
});

const FINE_BITS = 7;
const COARSE_BITS = 5;
/** Which colour a grid cell became, 1 for the first; all 0 between calls. */
const cells = new Int32Array(1 << (3 * FINE_BITS));
/** The grid cells of a tile's colours and their pixels. Kept, so that each tile does not leave them to be collected. */
let keys = new Int32Array(0);
let counts = new Uint32Array(0);
/** Mean density of the two bytes that fall together on the fine grid. */
const FINE_DENSITY = Float64Array.from(
  { length: 1 << FINE_BITS },
  (_, i) => (DENSITY[2 * i]! + DENSITY[2 * i + 1]!) / 2,
);

/**
 * The colours of the tissue on a grid of 128 levels a channel. Learning from some thousand weighted colours instead
 * of all pixels moves the stain vectors by less than 0.001 and takes a fraction of the time.
 */
function tissueColours(pixels: Uint8Array): Colours | undefined {
  const n = pixels.length / 3;
  if (keys.length < n) [keys, counts] = [new Int32Array(n), new Uint32Array(n)];
  let [tissue, count] = [0, 0];
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
    if ((LUMINANCE[r] as number) + (LUMINANCE[256 + g] as number) + (LUMINANCE[512 + b] as number) >= TISSUE_LUMINANCE)
      continue;
    tissue++;
    const key = ((r >> 1) << (2 * FINE_BITS)) | ((g >> 1) << FINE_BITS) | (b >> 1);
    let cell = cells[key] as number;
    if (cell === 0) {
      counts[count] = 0;
      keys[count++] = key;
      cell = cells[key] = count;
    }
    counts[cell - 1]!++;
  }
  for (let colour = 0; colour < count; colour++) cells[keys[colour] as number] = 0;
  if (tissue < LEAST_TISSUE * n || count < 3) return undefined;
  const density = new Float64Array(3 * count);
  const level = (1 << FINE_BITS) - 1;
  for (let colour = 0; colour < count; colour++) {
    const key = keys[colour] as number;
    density[3 * colour] = FINE_DENSITY[key >> (2 * FINE_BITS)] as number;
    density[3 * colour + 1] = FINE_DENSITY[(key >> FINE_BITS) & level] as number;
    density[3 * colour + 2] = FINE_DENSITY[key & level] as number;
  }
  return { count, weight: Float64Array.from(counts.subarray(0, count)), density };
}

/** Merges colours on a grid of 32 densities a channel; each cell gets the mean of what falls into it. */
function coarser({ count, weight, density }: Colours): Colours {
  const scale = (1 << COARSE_BITS) / ((DENSITY[0] as number) + 1e-9);
  const merged: Colours = { count: 0, weight: new Float64Array(count), density: new Float64Array(3 * count) };
  const keys: number[] = [];
  for (let colour = 0; colour < count; colour++) {
    let key = 0;
    for (let channel = 0; channel < 3; channel++) {
      key = (key << COARSE_BITS) | ((density[3 * colour + channel] as number) * scale);
    }
    if (cells[key] === 0) cells[key] = keys.push(key);
    const into = (cells[key] as number) - 1;
    const share = weight[colour] as number;
    merged.weight[into]! += share;
    for (let channel = 0; channel < 3; channel++) {
      merged.density[3 * into + channel]! += share * (density[3 * colour + channel] as number);
    }
  }
  for (const key of keys) cells[key] = 0;
  for (let i = 0; i < 3 * keys.length; i++) merged.density[i]! /= merged.weight[Math.floor(i / 3)] as number;
  return { ...merged, count: keys.length };
}

/** Learns the stain vectors: coarsely first, then on the fine colours. */
function learnFrom(colours: Colours): StainMatrix | undefined {
  const rough = settle(coarser(colours), START, 60, 1e-4);
  const fine = rough && settle(colours, rough, 20, 2e-5);
  if (!fine) return undefined;
  const stains = orderedStains(fine.slice(0, 3), fine.slice(3));
  return areTwoStains(stains, LEAST_SINE) ? stains : undefined;
}

/** Both stain vectors, one after the other. */
type Vectors = readonly number[];

/**
 * Alternates between codes and vectors until the vectors stay, with squared extrapolation between the rounds, which needs
 * a fifth of them (SQUAREM; Varadhan and Roland, Scandinavian Journal of Statistics 2008, scheme S3).
 */
function settle(colours: Colours, start: Vectors, rounds: number, tolerance: number): Vectors | undefined {
  let at: Vectors = start;
  for (let round = 0; round < rounds; round += 3) {
    const one = improved(colours, at);
    const two = one && improved(colours, one);
    if (!two) return undefined;
    const step = one.map((value, i) => value - (at[i] as number));
    const bend = two.map((value, i) => value - 2 * (one[i] as number) + (at[i] as number));
    const reach = Math.max(1, Math.hypot(...step) / Math.max(Math.hypot(...bend), 1e-12));
    const far = at.map((value, i) =>
      Math.max(0, value + 2 * reach * (step[i] as number) + reach * reach * (bend[i] as number)),
    );
    const next = improved(colours, far) ?? two;
    const moved = Math.max(...next.map((value, i) => Math.abs(value - (two[i] as number))));
    at = next;
    if (moved < tolerance) break;
  }
  return at;
}

/** One round: the best codes for the vectors, then the best vectors (length 1 at most, non-negative) for these codes. */
function improved({ count, weight, density }: Colours, vectors: Vectors): Vectors | undefined {
  const { hh, he, ee, hx, ex } = new SparseCoder(vectors, LEARNING_PENALTY).moments(density, weight, count);
  if (!(hh > 0 && ee > 0)) return undefined;
  let h = vectors.slice(0, 3);
  let e = vectors.slice(3);
  for (let inner = 0; inner < 5; inner++) {
    h = within(hx[0] - he * (e[0] as number), hx[1] - he * (e[1] as number), hx[2] - he * (e[2] as number), hh);
    e = within(ex[0] - he * (h[0] as number), ex[1] - he * (h[1] as number), ex[2] - he * (h[2] as number), ee);
  }
  return [...h, ...e];
}

/** A vector divided by a number, non-negative and of length 1 at most. */
function within(r: number, g: number, b: number, by: number): number[] {
  const [x, y, z] = [Math.max(0, r / by), Math.max(0, g / by), Math.max(0, b / by)];
  const length = Math.max(1, Math.sqrt(x * x + y * y + z * z));
  return [x / length, y / length, z / length];
}
