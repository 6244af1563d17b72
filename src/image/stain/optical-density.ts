/**
 * @module Between light intensities and optical densities, by tables: a pixel has 256 possible values, and the way back is
 * rounded to one of 256 anyway.
 */

/** Length of the table of {@link IntensityTable}; a finer one would not change a rounded intensity by more than 0.1. */
const STEPS = 1 << 14;
const HIGHEST_DENSITY = 6.5;

/** Optical density of each byte: `-ln(value of the byte)`, where `value` maps bytes to transmitted shares of light. */
export function densityTable(value: (byte: number) => number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, byte) => -Math.log(value(byte)));
}

/** Intensities `light * exp(-density)`, rounded and kept within 0 to 255, by density. */
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
    const step = (density - this.lowest) * this.scale + 0.5;
    return this.values[step <= 0 ? 0 : step >= STEPS ? STEPS - 1 : step | 0] as number;
  }
}
