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
 * @throws {InputError} codes `IMAGE_...`
 */
export async function thumbnail(
  image: Uint8Array,
  edge: number,
  limits?: DecodeLimits,
  meaning?: SampleMeaning,
): Promise<Buffer> {
  const { width, height, data } = await decodePixels(image, limits, undefined, meaning);
  return jpegOf({ width, height, data, channels: 3 }, edge);
}

/** The pixels of a picture without transparent places: uint8, [height, width, channels]. */
export interface RawPicture {
  readonly width: number;
  readonly height: number;
  /** RGB, or RGB and opacity. */
  readonly channels: 3 | 4;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * A JPEG of pixels, scaled to fit a square.
 * @param edge longest side in pixels; smaller pictures are not enlarged
 * @param bytes most bytes to aim at, by lower quality where needed
 */
export async function jpegOf(
  { width, height, channels, data }: RawPicture,
  edge: number,
  bytes = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  const sharp = await loadSharp();
  const encode = (quality: number) =>
    sharp(data, { raw: { width, height, channels }, limitInputPixels: false })
      .removeAlpha()
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
