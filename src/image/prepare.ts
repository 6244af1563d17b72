/** @module The pipeline from an image file to a model's pixels, shared by packing, export and serving. */
import { decodePixels, fitImage } from "./decode";
import type { DecodeLimits } from "./limits";
import {
  type ImageWarning,
  imageWarnings,
  type Preprocessing,
  type RgbImage,
  type StainNormalization,
} from "./preprocessing/index";
import { type StainNormalizer, stainNormalizer } from "./stain/index";

/** The part of the preprocessing that works on bytes; the model standardizes. */
export interface PixelPreparation extends Pick<Preprocessing, "size" | "resize" | "tileEdge"> {
  readonly stain?: StainNormalization | undefined;
  readonly bitDepth?: number | undefined;
}

/** Pixels for a model, and the original size of the image. */
export interface PreparedImage {
  /** uint8, RGB, [size, size, 3]. */
  readonly pixels: Uint8Array;
  readonly original: readonly [width: number, height: number];
  readonly warnings: readonly ImageWarning[];
}

/**
 * Decodes, resizes and stain-normalizes one image.
 * @param name of the image in errors
 * @throws {InputError} codes `IMAGE_...`, or `STAIN_PARAMETERS`
 */
export async function prepareImage(
  input: Uint8Array | string,
  preparation: PixelPreparation,
  limits?: DecodeLimits,
  name?: string,
): Promise<PreparedImage> {
  const image = await decodePixels(input, limits, name, preparation);
  const pixels = await preparePixels(image, preparation, name ?? (typeof input === "string" ? input : undefined));
  const warnings = imageWarnings(image, preparation);
  return { pixels, original: [image.width, image.height], warnings };
}

/** Resizes and stain-normalizes decoded pixels: uint8, RGB, [size, size, 3]. @throws {InputError} as {@link prepareImage} */
export async function preparePixels(
  image: RgbImage,
  { size, resize, stain }: PixelPreparation,
  name?: string,
): Promise<Uint8Array> {
  const pixels = await fitImage(image, { size, resize, name });
  return stain ? normalizerOf(stain)(pixels) : pixels;
}

const normalizers = new WeakMap<StainNormalization, StainNormalizer>();

function normalizerOf(stain: StainNormalization): StainNormalizer {
  let normalizer = normalizers.get(stain);
  if (!normalizer) {
    normalizer = stainNormalizer(stain);
    normalizers.set(stain, normalizer);
  }
  return normalizer;
}
