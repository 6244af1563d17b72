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
  const between = new Uint8Array(pixels.length);
  along(pixels, between, size, 3, 3 * size, kernel);
  along(between, pixels, size, 3 * size, 3, kernel);
}

/** Weights from the middle outwards as shares of 65536. */
function gaussian(sigma: number): Int32Array {
  const radius = Math.max(1, Math.ceil(3 * sigma));
  const weights = Array.from({ length: radius + 1 }, (_, distance) => Math.exp(-(distance ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((sum, weight, distance) => sum + (distance === 0 ? weight : 2 * weight), 0);
  const kernel = Int32Array.from(weights, (weight) => Math.round((65536 * weight) / total));
  const rest = kernel.reduce((sum, weight, distance) => sum + (distance === 0 ? weight : 2 * weight), 0) - 65536;
  kernel[0] = (kernel[0] as number) - rest;
  return kernel;
}

function along(
  from: Uint8Array,
  into: Uint8Array,
  size: number,
  step: number,
  stride: number,
  kernel: Int32Array,
): void {
  const middle = kernel[0] as number;
  for (let line = 0; line < size; line++) {
    for (let i = 0; i < size; i++) {
      const at = line * stride + i * step;
      for (let c = at; c < at + 3; c++) {
        let sum = middle * (from[c] as number) + 32768;
        for (let distance = 1; distance < kernel.length; distance++) {
          const before = c - step * Math.min(distance, i);
          const after = c + step * Math.min(distance, size - 1 - i);
          sum += (kernel[distance] as number) * ((from[before] as number) + (from[after] as number));
        }
        into[c] = sum >>> 16;
      }
    }
  }
}
