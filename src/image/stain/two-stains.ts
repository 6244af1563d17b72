/** @module Parts shared by the stain-separating normalizers: two stain vectors, their concentrations, and their limits. */

/** Optical densities (red, green, blue) of the two stains at unit concentration: hematoxylin, then eosin; unit length each. */
export type StainMatrix = readonly [h: readonly [number, number, number], e: readonly [number, number, number]];

/** The stains of a tile. */
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
