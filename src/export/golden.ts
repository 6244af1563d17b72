/** @module The golden example: a synthetic tile with a known answer, so that no patient's tile is published with a model. */
import type { Preprocessing } from "../image/index";
import { Random } from "../random/index";

const WAVES = 12;

/**
 * A smooth, seeded texture with the mean colours and the contrast of the training set.
 * @returns uint8, RGB, [size, size, 3]
 */
export function goldenPixels({ size, mean, std }: Preprocessing, seed = 1): Uint8Array {
  const random = new Random(seed, "golden");
  const waves = Array.from({ length: WAVES }, () => ({
    x: random.uniform(-9, 9),
    y: random.uniform(-9, 9),
    phase: random.uniform(0, 2 * Math.PI),
    weights: [random.normal(), random.normal(), random.normal()] as const,
  }));
  const pixels = new Uint8Array(size * size * 3);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const heights = waves.map((wave) => Math.sin(2 * Math.PI * ((wave.x * x + wave.y * y) / size) + wave.phase));
      for (let channel = 0; channel < 3; channel++, at++) {
        const sum = waves.reduce((total, wave, i) => total + wave.weights[channel]! * heights[i]!, 0);
        const value = mean[channel]! + std[channel]! * sum * Math.sqrt(2 / WAVES);
        pixels[at] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
  }
  return pixels;
}
