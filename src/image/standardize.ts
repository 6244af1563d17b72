/** @module Standardizes uint8 pixels to the model's float input: `(x / 255 - mean) / std` per channel. */
import type { Preprocessing } from "./preprocessing/index";

/**
 * The model's input value of every byte: 256 values for red, then green, then blue. Training and serving use the same table, so that
 * they agree to the last bit.
 */
export function standardizationTable({ mean, std }: Pick<Preprocessing, "mean" | "std">): Float32Array {
  const table = new Float32Array(3 * 256);
  for (let channel = 0; channel < 3; channel++) {
    const deviation = std[channel] as number;
    if (!(deviation > 0)) throw new RangeError("Each channel's standard deviation must be above 0.");
    for (let byte = 0; byte < 256; byte++) {
      table[256 * channel + byte] = (byte / 255 - (mean[channel] as number)) / deviation;
    }
  }
  return table;
}

/**
 * Standardizes interleaved RGB pixels.
 * @param pixels uint8, channels last; any number of images
 * @param table from {@link standardizationTable}
 */
export function standardize(pixels: Uint8Array, table: Float32Array): Float32Array {
  const into = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    into[i] = table[pixels[i] as number] as number;
    into[i + 1] = table[256 + (pixels[i + 1] as number)] as number;
    into[i + 2] = table[512 + (pixels[i + 2] as number)] as number;
  }
  return into;
}
