/** @module From an image file's bytes to the pixels a model takes. */
import type { DecodeLimits } from "../image/decode";
import { type PreparedImage, prepareImage } from "../image/prepare";
import type { Preprocessing } from "../image/preprocessing";

/** Decodes, resizes and stain-normalizes one image: uint8, RGB, [size, size, 3]. @throws {InputError} codes `IMAGE_...` */
export async function preprocessImage(
  image: Uint8Array,
  preprocessing: Preprocessing,
  limits?: DecodeLimits,
): Promise<PreparedImage> {
  return prepareImage(image, preprocessing, limits);
}
