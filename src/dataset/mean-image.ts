/** @module The average of many tiles. */
import type { PixelStore } from "./types";

/** The mean of the images at `positions`, rounded: uint8, RGB, [size, size, 3]. */
export function meanImage(store: PixelStore, positions: ArrayLike<number>): Uint8Array {
  if (positions.length === 0) throw new RangeError("A mean image needs at least one image.");
  const sums = new Float64Array(store.bytesPerImage);
  const pixels = new Uint8Array(store.bytesPerImage);
  for (let i = 0; i < positions.length; i++) {
    store.read([positions[i] as number], pixels);
    for (let at = 0; at < pixels.length; at++) sums[at]! += pixels[at] as number;
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / positions.length));
}
