/**
 * @module Converts between light intensities and optical densities with tables: pixels have 256 possible values, and intensities are
 * rounded to one of 256.
 */

/** Length of the table of {@link IntensityTable}; a finer one would change an intensity by at most 0.1 before rounding. */
const STEPS = 1 << 14;
const HIGHEST_DENSITY = 6.5;

/** Optical density of each byte, `-ln(value(byte))`. @param value maps bytes to the share of transmitted light */
export function densityTable(value: (byte: number) => number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, byte) => -Math.log(value(byte)));
}

/** Intensities `light * exp(-density)`, rounded and limited to 0 to 255, by density. */
export class IntensityTable {
  private readonly values = new Uint8Array(STEPS);
  private readonly lowest: number;
  private readonly scale: number;

  /** @param light intensity at density 0 */
  constructor(light: number) {
    this.lowest = -Math.log(256 / light);
    this.scale = (STEPS - 1) / (HIGHEST_DENSITY - this.lowest);
    for (let step = 0; step < STEPS; step++) {
      const density = this.lowest + step / this.scale;
      this.values[step] = Math.min(255, Math.round(light * Math.exp(-density)));
    }
  }

  at(density: number): number {
    return this.values[within((density - this.lowest) * this.scale + 0.5)] as number;
  }

  /**
   * Colours of pixels with the given amounts of two stains.
   * @param vectors red, green, blue density of the first stain, then of the second
   * @param into uint8 RGB
   */
  paint(first: Float32Array, second: Float32Array, vectors: readonly number[], into: Uint8Array): void {
    const { values, scale } = this;
    // In steps of the table, and in local variables: fields would be loaded again for each pixel.
    type Six = [number, number, number, number, number, number];
    const [fr, fg, fb, sr, sg, sb] = vectors.map((density) => density * scale) as Six;
    const zero = 0.5 - this.lowest * scale;
    for (let i = 0, pixel = 0; i < into.length; i += 3, pixel++) {
      const a = first[pixel] as number;
      const b = second[pixel] as number;
      into[i] = values[within(a * fr + b * sr + zero)] as number;
      into[i + 1] = values[within(a * fg + b * sg + zero)] as number;
      into[i + 2] = values[within(a * fb + b * sb + zero)] as number;
    }
  }
}

/** A valid index of the table. */
function within(step: number): number {
  return step <= 0 ? 0 : step >= STEPS ? STEPS - 1 : step | 0;
}
