/** @module From RGB pixels to an image file. */
import sharp from "sharp";

/** A PNG file's bytes. @param pixels uint8, RGB, [height, width, 3] */
export function encodePng(pixels: Uint8Array, width: number, height: number): Promise<Buffer> {
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
