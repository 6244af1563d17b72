/** @module Haematoxylin and eosin: from the amounts of the two dyes in each pixel to colours, by the Beer-Lambert law. */
import type { Random } from "../../random/index";
import { clamp, normal } from "./arithmetic";

/** Dye amounts of a tile, `size * size` each; 1 is a strong stain. */
export interface Dyes {
  readonly haematoxylin: Float32Array;
  readonly eosin: Float32Array;
}

export interface StainLook {
  /** Optical density per channel (natural logarithm) of one unit of each dye. */
  readonly haematoxylin: readonly [number, number, number];
  readonly eosin: readonly [number, number, number];
  /** Colour of empty glass. */
  readonly glass: readonly [number, number, number];
}

/** A slide's look. It does not depend on what the tile shows. */
export function drawStainLook(random: Random): StainLook {
  const h = clamp(normal(random, 1, 0.17), 0.6, 1.5);
  const e = clamp(normal(random, 1, 0.2), 0.5, 1.6);
  const warm = normal(random, 0, 0.07);
  const pale = random.uniform(0, 8);
  return {
    haematoxylin: [
      h * (1.06 + normal(random, 0, 0.07)),
      h * (1.36 + normal(random, 0, 0.06)),
      h * (0.66 + normal(random, 0, 0.06) + warm),
    ],
    eosin: [
      e * (0.14 + 0.05 * random.next()),
      e * (1.02 + normal(random, 0, 0.06)),
      e * (0.52 + normal(random, 0, 0.06) + warm),
    ],
    glass: [246 - pale, 243 - pale * random.uniform(0.8, 1.4), 246 - pale * random.uniform(0.5, 1.1)],
  };
}

const STEPS_PER_UNIT = 512;
const LONGEST = 8;
/** exp(-x) in steps of 1/512, by repeated multiplication. */
const TRANSMITTANCE = (() => {
  const step = 0.998048780784711; // exp(-1 / 512)
  const table = new Float64Array(LONGEST * STEPS_PER_UNIT + 1);
  for (let i = 0, value = 1; i < table.length; i++, value *= step) table[i] = value;
  return table;
})();

/** Colours of the dyes under white light: uint8 RGB, row-major. `grain` adds the camera's noise. */
export function develop(dyes: Dyes, look: StainLook, grain: Random): Uint8Array {
  const count = dyes.haematoxylin.length;
  const pixels = new Uint8Array(count * 3);
  const last = TRANSMITTANCE.length - 1;
  for (let i = 0, p = 0; i < count; i++) {
    const h = dyes.haematoxylin[i] as number;
    const e = dyes.eosin[i] as number;
    const bits = grain.bits();
    const noise = ((bits & 255) + ((bits >>> 8) & 255) - 255) * 0.012;
    for (let channel = 0; channel < 3; channel++, p++) {
      const density = h * (look.haematoxylin[channel] as number) + e * (look.eosin[channel] as number);
      const step = clamp(Math.round(density * STEPS_PER_UNIT), 0, last);
      const value = (look.glass[channel] as number) * (TRANSMITTANCE[step] as number) + noise;
      pixels[p] = clamp(Math.round(value), 0, 255);
    }
  }
  return pixels;
}
