/** @module Small pictures for galleries. */
import sharp from "sharp";
import { decodePixels, type SampleMeaning } from "./decode";
import type { DecodeLimits } from "./limits";

/**
 * A JPEG of an image, scaled to fit a square.
 * @param image bytes of a PNG, JPEG, WebP or TIFF file
 * @param edge longest side in pixels; smaller images are not enlarged
 * @throws {InputError} codes `IMAGE_...`
 */
export async function thumbnail(
  image: Uint8Array,
  edge: number,
  limits?: DecodeLimits,
  meaning?: SampleMeaning,
): Promise<Buffer> {
  const { width, height, data } = await decodePixels(image, limits, undefined, meaning);
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .resize({ width: edge, height: edge, fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 82 })
    .toBuffer();
}
