/**
 * @module Stain augmentation: every image is given the stain strengths of a slide that might have been in the data set.
 *
 * Follows RandStainNA (Shen et al., MICCAI 2022): targets are drawn from the distribution of the training images' own
 * statistics, not from fixed ranges. Here the statistics are the mean concentrations of hematoxylin, eosin and the residual
 * (colour deconvolution; Ruifrok and Johnston, 2001) over the tissue, and an image is scaled to its target, so that empty
 * slide stays empty. The whole change is one 3x3 matrix on optical densities.
 */
import type { Random } from "../../random/index";
import { densityTable } from "../stain/optical-density";
import { ChannelMix } from "./channel-mix";

/** Distribution of the logarithm of the stains' mean concentrations over images. */
export interface StainDistribution {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The spread used where none was fitted: between slides of one laboratory concentrations vary by about a fifth. */
export const TYPICAL_STAIN_SPREAD: readonly [number, number, number] = [0.2, 0.2, 0.2];

const DENSITY = densityTable((byte) => Math.max(1, byte) / 255);
const MIX = new ChannelMix({
  value: (byte) => DENSITY[byte] as number,
  result: (density) => Math.round(255 * Math.exp(-Math.max(0, density))),
  lowest: -32,
  steps: 1024,
});
const TISSUE_DENSITY = 0.15;
const LEAST_TISSUE = 0.01;
/** No image is changed by more than this factor. */
const FARTHEST = 1.8;

/** Unit vectors of hematoxylin, eosin and what is left (columns), and the inverse (rows). */
const STAINS = [
  [0.65, 0.072, 0.268],
  [0.704, 0.99, 0.57],
  [0.286, 0.105, 0.776],
] as const;
const SEPARATION = [
  [1.8800853, -0.0736014, -0.5952449],
  [-1.0172456, 1.1352648, -0.4825762],
  [-0.5552753, -0.1264856, 1.5733383],
] as const;

/** Fits the distribution of a set of images. @param images uint8 RGB each; those without tissue are left out */
export function fitStainDistribution(images: Iterable<Uint8Array>): StainDistribution {
  const rows: number[][] = [];
  for (const image of images) {
    const concentrations = meanConcentrations(image);
    if (concentrations) rows.push(concentrations.map((value) => Math.log(Math.max(value, 1e-3))));
  }
  const column = (stain: number) => {
    const values = rows.map((row) => row[stain] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
    return { mean, std: Math.sqrt(variance) };
  };
  const [h, e, rest] = [column(0), column(1), column(2)];
  return { mean: [h.mean, e.mean, rest.mean], std: [h.std, e.std, rest.std] };
}

/**
 * Gives an image other stain strengths, in place.
 * @param distribution of the training images; without it strengths vary around the image's own
 */
export function jitterStain(pixels: Uint8Array, random: Random, distribution?: StainDistribution): void {
  const draws = [random.normal(), random.normal(), random.normal()];
  const found = meanConcentrations(pixels);
  if (!found) return;
  const scale = draws.map((draw, stain) => {
    const spread = (distribution?.std ?? TYPICAL_STAIN_SPREAD)[stain] as number;
    const own = Math.log(Math.max(found[stain] as number, 1e-3));
    const middle = distribution ? (distribution.mean[stain] as number) : own;
    const reach = Math.log(FARTHEST);
    return Math.exp(Math.max(-reach, Math.min(reach, middle + spread * draw - own)));
  });
  scaleStains(pixels, scale);
}

/** Multiplies the concentrations of the three stains, in place. @param scale from 0 to 3 each */
export function scaleStains(pixels: Uint8Array, scale: readonly number[]): void {
  const weights = STAINS.flatMap((strengths) =>
    [0, 1, 2].map((input) =>
      strengths.reduce((sum, strength, s) => sum + strength * (scale[s] as number) * SEPARATION[s]![input]!, 0),
    ),
  );
  MIX.apply(pixels, weights);
}

/** Mean concentrations over the tissue (of every 27th pixel), or undefined where there is almost none. */
function meanConcentrations(pixels: Uint8Array): [number, number, number] | undefined {
  let [seen, count, r, g, b] = [0, 0, 0, 0, 0];
  for (let i = 0; i + 2 < pixels.length; i += 81, seen++) {
    const [dr, dg, db] = [
      DENSITY[pixels[i]!] as number,
      DENSITY[pixels[i + 1]!] as number,
      DENSITY[pixels[i + 2]!] as number,
    ];
    if (dr + dg + db < 3 * TISSUE_DENSITY) continue;
    count++;
    r += dr;
    g += dg;
    b += db;
  }
  if (count < LEAST_TISSUE * seen || count === 0) return undefined;
  const stain = (row: readonly [number, number, number]) => (row[0] * r + row[1] * g + row[2] * b) / count;
  return [stain(SEPARATION[0]), stain(SEPARATION[1]), stain(SEPARATION[2])];
}
