/** @module What is odd about an image that was read all the same. */
import type { RgbImage } from "./decode";

export type ImageWarning = "low-bits" | "shrunk";

/** What each warning means and what to do, as the end of a sentence that begins with the image's name. */
export const WARNING_TEXTS: Readonly<Record<ImageWarning, string>> = {
  "low-bits":
    "holds 16-bit numbers of at most 4095 and comes out nearly black: these are probably 12-bit values; save it with values that fill 16 bits (times 16), or with 8 bits",
  shrunk:
    "is shrunk to less than half of its size, which loses detail; cut it into tiles of the scale that the model is trained on",
};

/** The upper byte of 4095. */
const LOW = 15;
const MOST_SHRINKING = 2;

/** @param size edge length that the image is brought to */
export function imageWarnings({ width, height, data, sixteenBits }: RgbImage, size: number): ImageWarning[] {
  const warnings: ImageWarning[] = [];
  if (sixteenBits && data.some((value) => value > 0) && data.every((value) => value <= LOW)) warnings.push("low-bits");
  if (Math.min(width, height) > MOST_SHRINKING * size) warnings.push("shrunk");
  return warnings;
}
