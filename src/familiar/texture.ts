/** @module Sharpness of an image at several scales and by channel, which differs between scanners and file formats. */

/** Number of values of {@link measureTexture}. */
export const TEXTURES = 16;

/** Number of scales, each twice as coarse as the one before. */
const SCALES = 4;
/** Added to mean differences of levels before taking the logarithm. */
const LEAST_DIFFERENCE = 1e-3;

/** Integers in row-major order; `unit` of them are one level. */
interface Plane {
  readonly values: Int32Array;
  readonly edge: number;
  readonly unit: number;
}

/**
 * Logarithms of mean absolute differences of the luminance at each scale (curvature and differences two pixels apart, both relative to
 * those of neighbours, and the latter themselves), then of red relative to green and green relative to blue.
 * @param pixels uint8, RGB, [edge, edge, 3]
 */
export function measureTexture(pixels: Uint8Array, edge: number): number[] {
  const measures: number[] = [];
  let plane = planeOf(pixels, edge, [1, 2, 1]);
  for (let scale = 0; scale < SCALES; scale++) {
    const { curvature, steps, longSteps } = differencesIn(plane);
    measures.push(curvature - steps, longSteps - steps, steps);
    plane = halved(plane);
  }
  const of = (weights: Triple) => differencesIn(planeOf(pixels, edge, weights));
  const [red, green, blue] = [of([1, 0, 0]), of([0, 1, 0]), of([0, 0, 1])];
  for (const measure of ["curvature", "steps"] as const) {
    measures.push(red[measure] - green[measure], green[measure] - blue[measure]);
  }
  return measures;
}

type Triple = readonly [number, number, number];

function planeOf(pixels: Uint8Array, edge: number, [r, g, b]: Triple): Plane {
  const values = new Int32Array(edge * edge);
  for (let i = 0, at = 0; i < values.length; i++, at += 3) {
    values[i] = r * pixels[at]! + g * pixels[at + 1]! + b * pixels[at + 2]!;
  }
  return { values, edge, unit: r + g + b };
}

/** Sums of two by two values. */
function halved({ values, edge, unit }: Plane): Plane {
  const half = edge >> 1;
  const sums = new Int32Array(half * half);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const at = 2 * (y * edge + x);
      sums[y * half + x] = values[at]! + values[at + 1]! + values[at + edge]! + values[at + edge + 1]!;
    }
  }
  return { values: sums, edge: half, unit: 4 * unit };
}

/**
 * Logarithms of mean absolute differences in rows and columns: of a value from its four neighbours (the Laplacian), of neighbours, and of
 * values two apart. Differences of too small planes are 0.
 */
function differencesIn({ values, edge, unit }: Plane) {
  let [bend, near, far] = [0, 0, 0];
  for (let y = 2; y < edge - 1; y++) {
    for (let at = y * edge + 2; at < (y + 1) * edge - 1; at++) {
      const value = values[at]!;
      const [left, above] = [values[at - 1]!, values[at - edge]!];
      bend += Math.abs(4 * value - left - above - values[at + 1]! - values[at + edge]!);
      near += Math.abs(value - left) + Math.abs(value - above);
      far += Math.abs(value - values[at - 2]!) + Math.abs(value - values[at - 2 * edge]!);
    }
  }
  const count = Math.max(1, edge - 3) ** 2 * unit;
  const logOf = (sum: number) => Math.log(sum / count + LEAST_DIFFERENCE);
  return { curvature: logOf(bend), steps: logOf(near / 2), longSteps: logOf(far / 2) };
}
