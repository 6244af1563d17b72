/** @module From an image file's bytes to the pixels a model takes. */
import type { Preprocessing } from "../image/preprocessing";

/** Decodes, resizes and stain-normalizes one image: uint8, RGB, [size, size, 3]. @throws {InputError} codes `IMAGE_...` */
export async function preprocessImage(image: Uint8Array, { size, resize }: Preprocessing): Promise<Uint8Array> {
  const { decodeImage } = await import("../image/decode");
  return decodeImage(image, { size, resize });
}
