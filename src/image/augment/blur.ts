/** @module Gaussian blur, as of a slide slightly out of focus. */
import type { Random } from "../../random/index";

export interface RandomBlur {
  /** How often an image is blurred. */
  readonly probability: number;
  /** Largest standard deviation in pixels. */
  readonly sigma: number;
}

/** Blurs an image in place, or not, as `random` has it. @param pixels uint8, [size, size, 3] */
export function randomBlur(pixels: Uint8Array, size: number, { probability, sigma }: RandomBlur, random: Random): void {
  if (random.chance(probability)) blur(pixels, size, random.uniform(0.1 * sigma, sigma));
}

/** Convolves with a Gaussian, along rows and then along columns; the edge pixels are repeated outwards. */
export function blur(pixels: Uint8Array, size: number, sigma: number): void {
  const kernel = gaussian(sigma);
  const radius = kernel.length - 1;
  const width = 3 * size;
  const between = new Uint8Array(pixels.length);
  const padded = new Uint8Array(width + 6 * radius);
  for (let row = 0; row < size; row++) {
    const line = pixels.subarray(row * width, (row + 1) * width);
    padded.set(line, 3 * radius);
    for (let i = 0; i < 3 * radius; i++) {
      padded[i] = line[i % 3] as number;
      padded[padded.length - 1 - i] = line[width - 1 - (i % 3)] as number;
    }
    const sources = kernelSources(radius, (offset) => padded.subarray(3 * (radius + offset)));
    weigh(sources, kernel, between.subarray(row * width, (row + 1) * width));
  }
  for (let row = 0; row < size; row++) {
    const lineAt = (offset: number) => Math.max(0, Math.min(size - 1, row + offset)) * width;
    const sources = kernelSources(radius, (offset) => between.subarray(lineAt(offset), lineAt(offset) + width));
    weigh(sources, kernel, pixels.subarray(row * width, (row + 1) * width));
  }
}

/** The lines before and after at each distance from the middle. */
type Sources = readonly (readonly [before: Uint8Array, after: Uint8Array])[];

function kernelSources(radius: number, lineAt: (offset: number) => Uint8Array): Sources {
  return Array.from({ length: radius + 1 }, (_, distance) => [lineAt(-distance), lineAt(distance)] as const);
}

/** Weighted sums of lines, distance by distance, so that each loop runs over neighbouring bytes. */
function weigh(sources: Sources, kernel: Int32Array, into: Uint8Array): void {
  const sums = new Int32Array(into.length).fill(32768);
  for (const [distance, [before, after]] of sources.entries()) {
    const weight = kernel[distance] as number;
    if (distance === 0) for (let i = 0; i < sums.length; i++) sums[i]! += weight * (before[i] as number);
    else for (let i = 0; i < sums.length; i++) sums[i]! += weight * ((before[i] as number) + (after[i] as number));
  }
  for (let i = 0; i < into.length; i++) into[i] = (sums[i] as number) >>> 16;
}

/** Weights from the middle outwards as shares of 65536. */
function gaussian(sigma: number): Int32Array {
  const radius = Math.max(1, Math.ceil(2.5 * sigma));
  const weights = Array.from({ length: radius + 1 }, (_, distance) => Math.exp(-(distance ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((sum, weight, distance) => sum + (distance === 0 ? weight : 2 * weight), 0);
  const kernel = Int32Array.from(weights, (weight) => Math.round((65536 * weight) / total));
  const rest = kernel.reduce((sum, weight, distance) => sum + (distance === 0 ? weight : 2 * weight), 0) - 65536;
  kernel[0] = (kernel[0] as number) - rest;
  return kernel;
}
