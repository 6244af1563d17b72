/** @module Gaussian blur, like that of a slide slightly out of focus. */
import type { Random } from "../../random/index";
import { type Kernel, weighLines, wordsOf } from "./lanes";

export interface RandomBlur {
  readonly probability: number;
  /** Largest standard deviation in pixels. */
  readonly sigma: number;
}

/** Blurs an image in place with the given probability. @param pixels uint8, [size, size, 3] */
export function randomBlur(pixels: Uint8Array, size: number, { probability, sigma }: RandomBlur, random: Random): void {
  if (random.chance(probability)) blur(pixels, size, random.uniform(0.1 * sigma, sigma));
}

/** The largest standard deviation for which three neighbours on each side cover the Gaussian (98.8 %). */
const LARGEST_SIGMA = 1.2;
const RADIUS = 3;

/**
 * Convolves with a Gaussian along columns, then along rows, and repeats the edge pixels outwards. Variances add up, so that a wide
 * Gaussian equals several narrow ones.
 */
export function blur(pixels: Uint8Array, size: number, sigma: number): void {
  if (size < 2) return;
  const times = Math.ceil((sigma / LARGEST_SIGMA) ** 2);
  const kernel = gaussian(sigma / Math.sqrt(Math.max(1, times)));
  if (kernel[0] === 256) return;
  for (let time = 0; time < times; time++) convolve(pixels, size, kernel);
}

function convolve(pixels: Uint8Array, size: number, kernel: Kernel): void {
  const width = 3 * size;
  const between = scratch(pixels.length);
  const padded = new Uint8Array(width + 6 * RADIUS);
  const [source, middle, line] = [wordsOf(pixels), wordsOf(between), wordsOf(padded)];
  for (let row = 0; row < size; row++) {
    const up = (rows: number) => Math.max(0, row - rows) * width;
    const down = (rows: number) => Math.min(size - 1, row + rows) * width;
    const lines = [up(0), up(1), down(1), up(2), down(2), up(3), down(3)] as const;
    weighLines(source, lines, kernel, middle, row * width, width);
  }
  for (let row = 0; row < size; row++) {
    padded.set(between.subarray(row * width, (row + 1) * width), 3 * RADIUS);
    for (let i = 0; i < 3 * RADIUS; i++) {
      padded[i] = padded[3 * RADIUS + (i % 3)] as number;
      padded[width + 3 * RADIUS + i] = padded[width + 3 * RADIUS - 3 + (i % 3)] as number;
    }
    weighLines(line, [9, 6, 12, 3, 15, 0, 18], kernel, source, row * width, width);
  }
}

/** Memory between the two passes, reused for the next image. */
let buffer = new Uint8Array(0);

function scratch(bytes: number): Uint8Array {
  if (buffer.length !== bytes) buffer = new Uint8Array(bytes);
  return buffer;
}

/** Weights from the middle outwards, in 256ths. */
function gaussian(sigma: number): Kernel {
  const weights = [0, 1, 2, 3].map((distance) => Math.exp(-(distance ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((sum, weight, distance) => sum + (distance === 0 ? weight : 2 * weight), 0);
  const [one, two, three] = weights.slice(1).map((weight) => Math.round((256 * weight) / total)) as [
    number,
    number,
    number,
  ];
  return [256 - 2 * (one + two + three), one, two, three];
}
