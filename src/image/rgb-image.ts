/** @module Decoded images. */

/** RGB pixels: uint8, row-major (height, width, channel), length `width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Bits that the largest value takes, of a 16-bit file whose values stay so small that 8 bits of them are nearly black. */
  readonly lowBits?: number;
}
