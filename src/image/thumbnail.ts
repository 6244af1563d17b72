/** @module Small pictures for galleries. */
import { decodePixels, type SampleMeaning } from "./decode";
import type { DecodeLimits } from "./limits";
import { loadSharp } from "./with-sharp";

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
  const [sharp, { width, height, data }] = await Promise.all([
    loadSharp(),
    decodePixels(image, limits, undefined, meaning),
  ]);
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .resize({ width: edge, height: edge, fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 82 })
    .toBuffer();
}
