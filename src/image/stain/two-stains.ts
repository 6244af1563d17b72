/** @module What the stain-separating normalizers share: two stain vectors, their concentrations, and their limits. */

/** Optical densities (red, green, blue) of the two stains at unit concentration: hematoxylin, then eosin; unit length each. */
export type StainMatrix = readonly [h: readonly [number, number, number], e: readonly [number, number, number]];

/** What is kept of a reference tile, or found of the tile at hand. */
export interface StainProfile {
  readonly stains: StainMatrix;
  /** 99th percentile of the concentrations of each stain. */
  readonly maximum: readonly [number, number];
}

/** A stain whose strongest concentration is below this share of the reference's is taken to be absent and left as it is. */
const LEAST_SHARE = 0.2;

/**
 * True when two vectors are far enough apart to be two stains. Closer ones are one stain seen twice through its noise, and
 * concentrations along them would mean nothing.
 * @param leastSine sine of the smallest angle accepted
 */
export function areTwoStains([h, e]: StainMatrix, leastSine: number): boolean {
  const cosine = h[0] * e[0] + h[1] * e[1] + h[2] * e[2];
  return Number.isFinite(cosine) && 1 - cosine * cosine > leastSine ** 2;
}

/**
 * Of stained tissue the densest channel (green) exceeds the faintest by a quarter of itself at least; of black and grey things
 * (the slide's edge, bubbles, blurred dust) by a ninth at most.
 */
const LEAST_CHROMA = 0.15;

/** True for the summed densities of pixels that together have no colour: they hold no stains, whatever their noise. */
export function isColourless(red: number, green: number, blue: number): boolean {
  const densest = Math.max(red, green, blue);
  return densest - Math.min(red, green, blue) < LEAST_CHROMA * densest;
}

/**
 * How much each stain's concentration must be multiplied to have the reference's maximum.
 * @param together the tile was not separated by stains of its own: both are scaled by the stronger one's factor, since colours
 * that are no mixture of the reference's stains would be torn apart by two
 */
export function concentrationScale(found: StainProfile, reference: StainProfile, together: boolean): [number, number] {
  const scale = (stain: 0 | 1) =>
    found.maximum[stain] > LEAST_SHARE * reference.maximum[stain] ? reference.maximum[stain] / found.maximum[stain] : 1;
  if (!together) return [scale(0), scale(1)];
  const share = (stain: 0 | 1) => found.maximum[stain] / reference.maximum[stain];
  const common = share(0) > share(1) ? scale(0) : scale(1);
  return [common, common];
}

/** Two vectors at unit length with the redder absorber, hematoxylin, first. */
export function orderedStains(a: readonly number[], b: readonly number[]): StainMatrix {
  const unit = (vector: readonly number[]): [number, number, number] => {
    const length = Math.hypot(...vector);
    return [(vector[0] as number) / length, (vector[1] as number) / length, (vector[2] as number) / length];
  };
  const [first, second] = [unit(a), unit(b)];
  return first[0] > second[0] ? [first, second] : [second, first];
}
