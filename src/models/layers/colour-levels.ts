/** @module Constants of the colour and texture features, shared with the exporter, which does not load TensorFlow. */

type Triple = readonly [number, number, number];

export interface ColourFeaturesConfig {
  readonly name?: string;
  /** Mean and deviation of the pixels' standardization, which is undone first. */
  readonly mean: Triple;
  readonly std: Triple;
}

/** Six integer channels from 0 to 510: twice red, green and blue, and their three differences. */
export const CHANNELS: { readonly matrix: readonly (readonly number[])[]; readonly addend: readonly number[] } = {
  matrix: [
    [2, 0, 0],
    [0, 2, 0],
    [0, 0, 2],
    [1, -1, 0],
    [0, 1, -1],
    [1, 0, -1],
  ],
  addend: [0, 0, 0, 255, 255, 255],
};

/** The largest value of a channel; features are measured on the scale from 0 to 1. */
export const LARGEST = 510;

/** Levels of the cumulative histograms, between the possible values of a channel, so that rounding does not matter. */
export const THRESHOLDS: readonly number[] = Array.from({ length: 15 }, (_, i) => 32 * (i + 1) - 0.5);

/** Added to a variance, on the scale from 0 to 1. */
export const TINY = 1e-8;

/** Edge lengths of the averaged squares whose spread is measured; each is twice the one before. */
export function scalesOf(size: number): number[] {
  return [2, 4, 8, 16].filter((scale) => size >= 2 * scale);
}

/** Number of features of a tile of the given size. */
export function colourFeatureCount(size: number): number {
  return 6 * (THRESHOLDS.length + 2 + scalesOf(size).length + 1);
}
