/** @module Warnings about images that can be read but look wrong. */
import { type Preprocessing, resizedSide, tileEdgeOf } from "./preprocessing";
import type { RgbImage } from "./rgb-image";

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
