/** @module Colour changes that are a function of weighted sums of a pixel's three channels, computed with tables. */

/** Number of values of a sum, a field of 16 bits. */
const FIELDS = 1 << 16;

/** Shares of red, green and blue bytes in red and green (256 words each), then in blue. A constant, because that is faster. */
const SHARES = new Int32Array(6 * 256);

/** The functions from bytes to sums and back. */
interface ChannelMixOptions {
  /** The value of each byte in the sums. */
  readonly value: (byte: number) => number;
  /** The byte of a sum, 0 to 255. */
  readonly result: (sum: number) => number;
  /** Sums are rounded to 65536 steps of 1 / `steps`, beginning with `lowest`. */
  readonly lowest: number;
  readonly steps: number;
}

/**
 * Replaces each pixel's red, green and blue by `result(weights · value(pixel) + shift)`.
 *
 * Looks up each byte's share in the three sums as integers, red and green together in one word of two 16-bit fields, so that a
 * pixel takes nine look-ups and four additions, without multiplications and comparisons.
 */
export class ChannelMix {
  private readonly values: Float64Array;
  /** Created on first use: servers never need it. */
  private results: Uint8Array | undefined;
  private readonly ends: readonly [number, number];

  constructor(private readonly options: ChannelMixOptions) {
    this.values = Float64Array.from({ length: 256 }, (_, byte) => options.value(byte));
    this.ends = [Math.min(...this.values), Math.max(...this.values)];
  }

  /**
   * Changes an image in place.
   * @param pixels uint8 RGB
   * @param weights row-major: of red, green and blue in red, then in green, then in blue
   * @throws {RangeError} if sums may be out of range
   */
  apply(pixels: Uint8Array, weights: readonly number[], shift = 0): void {
    this.mustFit(weights, shift);
    this.fillShares(weights, shift);
    const { lowest, steps, result } = this.options;
    this.results ??= Uint8Array.from({ length: FIELDS }, (_, i) => result(lowest + i / steps));
    lookUp(pixels, this.results);
  }

  private fillShares(weights: readonly number[], shift: number): void {
    const { values } = this;
    const { lowest, steps } = this.options;
    for (let input = 0; input < 3; input++) {
      const [red, green, blue] = [weights[input], weights[3 + input], weights[6 + input]] as [number, number, number];
      // Added to only one of the three channels.
      const constant = input === 0 ? shift - lowest : 0;
      for (let byte = 0; byte < 256; byte++) {
        const value = values[byte] as number;
        const inRed = Math.round(steps * (red * value + constant));
        const inGreen = Math.round(steps * (green * value + constant));
        SHARES[256 * input + byte] = inRed + (inGreen << 16);
        SHARES[768 + 256 * input + byte] = Math.round(steps * (blue * value + constant));
      }
    }
  }

  private mustFit(weights: readonly number[], shift: number): void {
    const { lowest, steps } = this.options;
    const [smallest, largest] = this.ends;
    for (let output = 0; output < 3; output++) {
      let [low, high] = [shift, shift];
      for (const weight of weights.slice(3 * output, 3 * output + 3)) {
        low += Math.min(weight * smallest, weight * largest);
        high += Math.max(weight * smallest, weight * largest);
      }
      // Leaves a step on both sides for rounding.
      if (!(low - 2 / steps >= lowest && high + 2 / steps < lowest + FIELDS / steps)) {
        throw new RangeError(`Sums from ${low} to ${high} are out of the range of this colour change.`);
      }
    }
  }
}

function lookUp(pixels: Uint8Array, results: Uint8Array): void {
  for (let i = 0; i + 2 < pixels.length; i += 3) {
    const r = pixels[i] as number;
    const g = 256 + (pixels[i + 1] as number);
    const b = 512 + (pixels[i + 2] as number);
    const redGreen = (SHARES[r]! + SHARES[g]! + SHARES[b]!) | 0;
    const blue = (SHARES[768 + r]! + SHARES[768 + g]! + SHARES[768 + b]!) | 0;
    pixels[i] = results[redGreen & 0xffff] as number;
    pixels[i + 1] = results[redGreen >>> 16] as number;
    pixels[i + 2] = results[blue] as number;
  }
}
