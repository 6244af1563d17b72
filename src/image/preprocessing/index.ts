/** @module Decoded images, their preprocessing for a model, and warnings about images that look wrong. Shared by training, export and serving. */

/** How images are resized to the model's size. */
export type ResizePolicy = "exact" | "stretch" | "pad" | "crop";

/** From a decoded image to the model's input. Plain data, stored in `model.json`. */
export interface Preprocessing {
  /** Edge length of the model's square input in pixels. */
  readonly size: number;
  readonly resize: ResizePolicy;
  /**
   * Edge length in pixels that training images had before they were resized; absent if it is `size`. Tiles that are cut from
   * slides and large pictures need it, because they must show as much tissue as the training images.
   */
  readonly tileEdge?: number;
  /** Bits that the values of 16-bit files use, if fewer than 16. */
  readonly bitDepth?: number;
  /** Per-channel mean of the training pixels, on a scale from 0 to 1. */
  readonly mean: readonly [number, number, number];
  /** Per-channel standard deviation of the training pixels, on a scale from 0 to 1. */
  readonly std: readonly [number, number, number];
  /** Stain normalization applied to the uint8 pixels before standardization; absent for none. */
  readonly stain?: StainNormalization;
}

/** Edge length in pixels of the images that a model expects before they are resized. */
export function tileEdgeOf({ size, tileEdge = size }: Pick<Preprocessing, "size" | "tileEdge">): number {
  return tileEdge;
}

/** The side of an image that is resized to the model's size: the longer one if the other is padded, else the shorter one. */
export function resizedSide(width: number, height: number, resize: ResizePolicy): number {
  return resize === "pad" ? Math.max(width, height) : Math.min(width, height);
}

/** A fitted stain normalization: the method and the parameters learned from the reference tile. */
export interface StainNormalization {
  readonly method: "reinhard" | "macenko" | "vahadane";
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

/** RGB pixels: uint8, row-major (height, width, channel), length `width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Bits of the largest value of a 16-bit file with values so small that the upper 8 bits are nearly black. */
  readonly lowBits?: number;
}

export type ImageWarning = "low-bits" | "shrunk";

/** Meaning of each warning and advice; continues a sentence that begins with the image's name. */
export const WARNING_TEXTS: Readonly<Record<ImageWarning, string>> = {
  "low-bits":
    "has 16-bit values of at most 4095 and becomes nearly black: these are probably values of fewer bits; read 12-bit values with --bit-depth 12, or save it with values that use all 16 bits",
  shrunk:
    "is more than twice as large as the training images, so that what it shows is shrunk to less than half of its size; to predict it tile by tile, use histo predict --tile or POST /predict?tile=1",
};

const MOST_SHRINKING = 2;

/** Whether resizing shrinks an image to less than half of the training images' scale. */
export function isShrunk(
  width: number,
  height: number,
  preprocessing: Pick<Preprocessing, "size" | "resize" | "tileEdge">,
): boolean {
  return resizedSide(width, height, preprocessing.resize) > MOST_SHRINKING * tileEdgeOf(preprocessing);
}

export function imageWarnings(
  { width, height, lowBits = 0 }: RgbImage,
  preprocessing: Pick<Preprocessing, "size" | "resize" | "tileEdge">,
): ImageWarning[] {
  const warnings: ImageWarning[] = [];
  if (lowBits > 0) warnings.push("low-bits");
  if (isShrunk(width, height, preprocessing)) warnings.push("shrunk");
  return warnings;
}
