/**
 * @module Stain augmentation: gives every image the stain strengths of another possible slide.
 *
 * Similar to RandStainNA (Shen et al., MICCAI 2022), but with a typical spread between slides around the image's own strengths.
 * Scales the concentrations of hematoxylin, eosin and the residual (colour deconvolution; Ruifrok and Johnston, 2001), which does
 * not change empty background, with one 3x3 matrix on optical densities.
 */
import type { Random } from "../../random/index";
import { densityTable } from "../stain/optical-density";
import { ChannelMix } from "./channel-mix";

/** Standard deviation of the logarithms of concentrations: between slides of a laboratory they vary by about a fifth. */
const SPREAD = 0.2;

const DENSITY = densityTable((byte) => Math.max(1, byte) / 255);
const MIX = new ChannelMix({
  value: (byte) => DENSITY[byte] as number,
  result: (density) => Math.round(255 * Math.exp(-Math.max(0, density))),
  lowest: -32,
  steps: 1024,
});
const TISSUE_DENSITY = 0.15;
const LEAST_TISSUE = 0.01;
const LARGEST_FACTOR = 1.8;

/** Unit vectors of hematoxylin, eosin and the residual (columns), and the inverse (rows). */
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

/** Gives an image random stain strengths around its own, in place. Does not change images without tissue. */
export function jitterStain(pixels: Uint8Array, random: Random): void {
  const draws = [random.normal(), random.normal(), random.normal()];
  if (!hasTissue(pixels)) return;
  const reach = Math.log(LARGEST_FACTOR);
  const scale = draws.map((draw) => Math.exp(Math.max(-reach, Math.min(reach, SPREAD * draw))));
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

/** Whether at least 1 % of an image is tissue, judged by every 27th pixel. */
function hasTissue(pixels: Uint8Array): boolean {
  let [seen, count] = [0, 0];
  for (let i = 0; i + 2 < pixels.length; i += 81, seen++) {
    const density =
      (DENSITY[pixels[i]!] as number) + (DENSITY[pixels[i + 1]!] as number) + (DENSITY[pixels[i + 2]!] as number);
    if (density >= 3 * TISSUE_DENSITY) count++;
  }
  return count > 0 && count >= LEAST_TISSUE * seen;
}
