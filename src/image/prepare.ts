/** @module The pipeline from an image file to a model's pixels, standardized or not, shared by packing, export and serving. */
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

/**
 * The model's input value of every byte: 256 values for red, then green, then blue. Training and serving use the same table, so that
 * they agree to the last bit.
 */
export function standardizationTable({ mean, std }: Pick<Preprocessing, "mean" | "std">): Float32Array {
  const table = new Float32Array(3 * 256);
  for (let channel = 0; channel < 3; channel++) {
    const deviation = std[channel] as number;
    if (!(deviation > 0)) throw new RangeError("Each channel's standard deviation must be above 0.");
    for (let byte = 0; byte < 256; byte++) {
      table[256 * channel + byte] = (byte / 255 - (mean[channel] as number)) / deviation;
    }
  }
  return table;
}

/**
 * Standardizes interleaved RGB pixels.
 * @param pixels uint8, channels last; any number of images
 * @param table from {@link standardizationTable}
 */
export function standardize(pixels: Uint8Array, table: Float32Array): Float32Array {
  const into = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    into[i] = table[pixels[i] as number] as number;
    into[i + 1] = table[256 + (pixels[i + 1] as number)] as number;
    into[i + 2] = table[512 + (pixels[i + 2] as number)] as number;
  }
  return into;
}
