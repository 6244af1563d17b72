/** @module Small pictures for galleries. */
import { decodePixels, type SampleMeaning } from "./decode";
import type { DecodeLimits } from "./limits";
import { loadSharp } from "./with-sharp";

/** Qualities of JPEG, best first. */
const QUALITIES = [82, 70, 55, 40, 25];

/**
 * A JPEG of an image, scaled to fit a square.
 * @param image bytes of a PNG, JPEG, WebP or TIFF file
 * @param edge longest side in pixels; smaller images are not enlarged
 * @param bytes most bytes to aim at, by lower quality where needed
 * @throws {InputError} codes `IMAGE_...`
 */
export async function thumbnail(
  image: Uint8Array,
  edge: number,
  limits?: DecodeLimits,
  meaning?: SampleMeaning,
  bytes = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  const [sharp, { width, height, data }] = await Promise.all([
    loadSharp(),
    decodePixels(image, limits, undefined, meaning),
  ]);
  const encode = (quality: number) =>
    sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
      .resize({ width: edge, height: edge, fit: "inside", withoutEnlargement: true })
      .jpeg({ quality })
      .toBuffer();
  let jpeg = await encode(QUALITIES[0] as number);
  for (const quality of QUALITIES.slice(1)) {
    if (jpeg.length <= bytes) break;
    jpeg = await encode(quality);
  }
  return jpeg;
}
