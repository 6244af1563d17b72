/**
 * @module Stain normalization by the extreme directions of optical densities.
 * @see Macenko et al., "A method for normalizing histology slides for quantitative analysis", ISBI 2009. Constants as in
 * the usual implementations (light 240, density threshold 0.15, percentiles 1 and 99).
 */
import { onDemand } from "../../collections/index";
import { symmetricEigen } from "../../eigen/index";
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

const LIGHT = 240;
const THRESHOLD = 0.15;
const ANGLE_PERCENTILE = 1;
const MAXIMUM_PERCENTILE = 99;
/** Least share of tissue pixels for finding stains. */
const LEAST_TISSUE = 0.005;
/** Between the stains of real tiles the sine is 0.26 to 0.44; within one noisy stain it is below this. */
const LEAST_SINE = 0.15;

const DENSITY = densityTable((byte) => (byte + 1) / LIGHT);
const intensityTable = onDemand(() => new IntensityTable(LIGHT));

/** The stains of a tile; undefined with too little coloured tissue or only one stain. @param pixels uint8 RGB */
export function macenkoProfile(pixels: Uint8Array): StainProfile | undefined {
  const sums = sumDensities(pixels);
  const stains = isBlank(sums, pixels) ? undefined : findStains(pixels, sums);
  return stains && { stains, maximum: maximumConcentrations(pixels, stains) };
}

/** Changes a tile's stains to the reference's. Copies tiles without coloured tissue unchanged. */
export function macenkoTransform(pixels: Uint8Array, reference: StainProfile, into: Uint8Array): void {
  const sums = sumDensities(pixels);
  if (isBlank(sums, pixels)) {
    into.set(pixels);
    return;
  }
  const own = findStains(pixels, sums);
  const stains = own ?? reference.stains;
  const found = { stains, maximum: maximumConcentrations(pixels, stains) };
  const [scaleH, scaleE] = concentrationScale(found, reference, own === undefined);
  const [toH, toE] = inverse(stains);
  const [h, e] = reference.stains;
  // The conversions to and from concentrations are linear, so that one 3x3 matrix maps densities to densities.
  const tables = new Float32Array(9 * 256);
  for (let output = 0; output < 3; output++) {
    for (let input = 0; input < 3; input++) {
      const weight =
        (h[output] as number) * scaleH * (toH[input] as number) +
        (e[output] as number) * scaleE * (toE[input] as number);
      for (let byte = 0; byte < 256; byte++)
        tables[(3 * output + input) * 256 + byte] = weight * (DENSITY[byte] as number);
    }
  }
  const intensity = intensityTable();
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [pixels[i] as number, 256 + (pixels[i + 1] as number), 512 + (pixels[i + 2] as number)];
    into[i] = intensity.at((tables[r] as number) + (tables[g] as number) + (tables[b] as number));
    into[i + 1] = intensity.at((tables[768 + r] as number) + (tables[768 + g] as number) + (tables[768 + b] as number));
    into[i + 2] = intensity.at(
      (tables[1536 + r] as number) + (tables[1536 + g] as number) + (tables[1536 + b] as number),
    );
  }
}

/** Largest byte whose density reaches the threshold: tissue pixels have no brighter channel. */
const BRIGHTEST_TISSUE = DENSITY.filter((density) => density >= THRESHOLD).length - 1;

function isTissue(r: number, g: number, b: number): boolean {
  return r <= BRIGHTEST_TISSUE && g <= BRIGHTEST_TISSUE && b <= BRIGHTEST_TISSUE;
}

// As in percentile.ts, the loops over all pixels are separate functions.

/** True with too little coloured tissue. */
function isBlank([n, red, green, blue]: Sums, pixels: Uint8Array): boolean {
  return n < LEAST_TISSUE * (pixels.length / 3) || isColourless(red, green, blue);
}

/** The two extreme directions of the tissue's densities in their principal plane. */
function findStains(pixels: Uint8Array, sums: Sums): StainMatrix | undefined {
  const [n, sr, sg, sb, rr, rg, rb, gg, gb, bb] = sums;
  if (n < 3) return undefined;
  const covariance = (product: number, a: number, b: number) => (product - (a * b) / n) / (n - 1);
  const { vectors } = symmetricEigen(
    [
      ...[covariance(rr, sr, sr), covariance(rg, sr, sg), covariance(rb, sr, sb)],
      ...[covariance(rg, sr, sg), covariance(gg, sg, sg), covariance(gb, sg, sb)],
      ...[covariance(rb, sr, sb), covariance(gb, sg, sb), covariance(bb, sb, sb)],
    ],
    3,
  );
  const [major, minor] = [[...vectors.subarray(0, 3)], [...vectors.subarray(3, 6)]];
  const sign = major.reduce((sum, value) => sum + value, 0) < 0 ? -1 : 1;
  const slopes = new Float32Array(n);
  const count = collectSlopes(pixels, tableOf(major.map((value) => sign * value)), tableOf(minor), slopes);
  if (count < 3) return undefined;
  const direction = (slope: number) => major.map((value, i) => sign * value + slope * (minor[i] as number));
  const stains = orderedStains(
    direction(percentile(slopes, count, ANGLE_PERCENTILE)),
    direction(percentile(slopes, count, 100 - ANGLE_PERCENTILE)),
  );
  return areTwoStains(stains, LEAST_SINE) ? stains : undefined;
}

type Sums = [number, number, number, number, number, number, number, number, number, number];

/** Number of tissue pixels, sums of their densities, and sums of the products of two channels. */
function sumDensities(pixels: Uint8Array): Sums {
  let [n, sr, sg, sb, rr, rg, rb, gg, gb, bb] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < pixels.length; i += 3) {
    const [pr, pg, pb] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
    if (!isTissue(pr, pg, pb)) continue;
    const [r, g, b] = [DENSITY[pr] as number, DENSITY[pg] as number, DENSITY[pb] as number];
    n++;
    sr += r;
    sg += g;
    sb += b;
    rr += r * r;
    rg += r * g;
    rb += r * b;
    gg += g * g;
    gb += g * b;
    bb += b * b;
  }
  return [n, sr, sg, sb, rr, rg, rb, gg, gb, bb];
}

/**
 * The slopes of the tissue's densities in their principal plane. They increase with the angle and are cheaper than an arc tangent;
 * all tissue is on the positive side of the major axis.
 * @returns their number
 */
function collectSlopes(pixels: Uint8Array, along: Float32Array, across: Float32Array, slopes: Float32Array): number {
  let count = 0;
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
    if (!isTissue(r, g, b)) continue;
    const x = (along[r] as number) + (along[256 + g] as number) + (along[512 + b] as number);
    const y = (across[r] as number) + (across[256 + g] as number) + (across[512 + b] as number);
    if (x > 0) slopes[count++] = y / x;
  }
  return count;
}

function maximumConcentrations(pixels: Uint8Array, stains: StainMatrix): [number, number] {
  const concentrations = new Float32Array(pixels.length / 3);
  const [h, e] = inverse(stains).map((row) => {
    weigh(pixels, tableOf(row), concentrations);
    return percentile(concentrations, concentrations.length, MAXIMUM_PERCENTILE);
  });
  return [h as number, e as number];
}

/** The weighted sum of each pixel's densities. */
function weigh(pixels: Uint8Array, table: Float32Array, into: Float32Array): void {
  for (let i = 0, pixel = 0; pixel < into.length; i += 3, pixel++) {
    const [r, g, b] = [pixels[i] as number, 256 + (pixels[i + 1] as number), 512 + (pixels[i + 2] as number)];
    into[pixel] = (table[r] as number) + (table[g] as number) + (table[b] as number);
  }
}

/** Rows that map densities to concentrations: the least-squares inverse of the two stain vectors. */
function inverse([h, e]: StainMatrix): [number[], number[]] {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  const [hh, he, ee] = [dot(h, h), dot(h, e), dot(e, e)];
  const determinant = hh * ee - he * he;
  const row = (a: readonly number[], b: readonly number[], aa: number) =>
    a.map((value, i) => (aa * value - he * (b[i] as number)) / determinant);
  return [row(h, e, ee), row(e, h, hh)];
}

/** Contribution of each channel's byte to a weighted sum of densities: red, green, blue. */
function tableOf(weights: readonly number[]): Float32Array {
  return Float32Array.from({ length: 768 }, (_, i) => (weights[i >> 8] as number) * (DENSITY[i & 255] as number));
}
