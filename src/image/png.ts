/** @module Pixels to PNG files with fixed settings, so that the same pixels give the same bytes. */
import sharp from "sharp";

/** @param pixels uint8 RGB, row-major, `width * height * 3` bytes @returns the bytes of a PNG file */
export async function encodePng(pixels: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6, adaptiveFiltering: false, palette: false })
    .toBuffer();
}
