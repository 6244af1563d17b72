/**
 * @module Optical densities, and pixels as sums of two stains in them. Converts between intensities and densities with tables: pixels have
 * 256 possible values, and intensities are rounded to one of 256.
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

/** Optical densities (red, green, blue) of the two stains at unit concentration: hematoxylin, then eosin; unit length each. */
export type StainMatrix = readonly [h: readonly [number, number, number], e: readonly [number, number, number]];

export interface StainProfile {
  readonly stains: StainMatrix;
  /** 99th percentile of the concentrations of each stain. */
  readonly maximum: readonly [number, number];
}

/** A stain with a maximum below this share of the reference's is considered absent and not changed. */
const LEAST_SHARE = 0.2;

/**
 * True if two vectors differ enough to be two stains. Closer ones are the noise of a single stain, and their concentrations have no
 * meaning.
 * @param leastSine sine of the smallest angle accepted
 */
export function areTwoStains([h, e]: StainMatrix, leastSine: number): boolean {
  const cosine = h[0] * e[0] + h[1] * e[1] + h[2] * e[2];
  return Number.isFinite(cosine) && 1 - cosine * cosine > leastSine ** 2;
}

/**
 * Least difference of the densest channel (green) from the faintest, relative to the densest: at least a quarter in stained tissue, at
 * most a ninth in black and grey objects (the slide's edge, bubbles, blurred dust).
 */
const LEAST_CHROMA = 0.15;

/** True for summed densities of pixels that are grey on average, and so contain no stains. */
export function isColourless(red: number, green: number, blue: number): boolean {
  const densest = Math.max(red, green, blue);
  return densest - Math.min(red, green, blue) < LEAST_CHROMA * densest;
}

/**
 * The factor of each stain's concentration that gives the reference's maximum.
 * @param together the tile was separated by the reference's stains: scale both by the stronger one's factor, because two factors
 *   would distort colours that are not mixtures of the reference's stains
 */
export function concentrationScale(found: StainProfile, reference: StainProfile, together: boolean): [number, number] {
  const scale = (stain: 0 | 1) =>
    found.maximum[stain] > LEAST_SHARE * reference.maximum[stain] ? reference.maximum[stain] / found.maximum[stain] : 1;
  if (!together) return [scale(0), scale(1)];
  const share = (stain: 0 | 1) => found.maximum[stain] / reference.maximum[stain];
  const common = share(0) > share(1) ? scale(0) : scale(1);
  return [common, common];
}

/** Two vectors at unit length; the one that absorbs more red, hematoxylin, comes first. */
export function orderedStains(a: readonly number[], b: readonly number[]): StainMatrix {
  const unit = (vector: readonly number[]): [number, number, number] => {
    const length = Math.hypot(...vector);
    return [(vector[0] as number) / length, (vector[1] as number) / length, (vector[2] as number) / length];
  };
  const [first, second] = [unit(a), unit(b)];
  return first[0] > second[0] ? [first, second] : [second, first];
}
