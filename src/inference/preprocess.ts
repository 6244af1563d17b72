/** @module From an image file's bytes to the pixels a model takes. */
import { type DecodeLimits, decodeImage } from "../image/decode";
import type { Preprocessing } from "../image/preprocessing";

/** Decodes, resizes and stain-normalizes one image: uint8, RGB, [size, size, 3]. @throws {InputError} codes `IMAGE_...` */
export function preprocessImage(
  image: Uint8Array,
  { size, resize }: Preprocessing,
  limits?: DecodeLimits,
): Promise<Uint8Array> {
  return decodeImage(image, { size, resize, limits });
}
