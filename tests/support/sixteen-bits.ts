/** @module 16-bit images. */
import sharp from "sharp";

/** A PNG of `values`: RGB, 16 bits a channel. */
export function deepPng(values: Uint16Array, width: number, height: number): Promise<Buffer> {
  return sharp(values, { raw: { width, height, channels: 3 } })
    .toColourspace("rgb16")
    .png()
    .toBuffer();
}

/** RGB pixels as a camera of 12 bits would have written them: 16 bits a channel, the lowest 12 used. */
export function twelveBitPng(pixels: Uint8Array, width: number, height: number): Promise<Buffer> {
  const values = Uint16Array.from(pixels, (value, i) => value * 16 + (i % 16));
  return deepPng(values, width, height);
}
