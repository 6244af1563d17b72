/** @module Decoded images. */

/** RGB pixels: uint8, row-major (height, width, channel), length `width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Bits of the largest value of a 16-bit file with values so small that the upper 8 bits are nearly black. */
  readonly lowBits?: number;
}
