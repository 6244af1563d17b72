/** @module Constants of the colour and texture features, shared with the exporter, which loads no TensorFlow. */

type Triple = readonly [number, number, number];

export interface ColourFeaturesConfig {
  readonly name?: string;
  /** Of the standardization of the pixels, which is undone first. */
  readonly mean: Triple;
  readonly std: Triple;
}

/** Six channels from 0 to 1: red, green, blue, and the three differences. Column by column of a [3, 6] matrix, and addends. */
const CHANNELS: { readonly matrix: readonly (readonly number[])[]; readonly addend: readonly number[] } = {
  matrix: [
    [1, 0, 0, 0.5, 0, 0.5],
    [0, 1, 0, -0.5, 0.5, 0],
    [0, 0, 1, 0, -0.5, -0.5],
  ],
  addend: [0, 0, 0, 0.5, 0.5, 0.5],
};

/** Levels of the cumulative histograms; never a value that a byte can have, so that rounding decides nothing. */
export const THRESHOLDS: readonly number[] = Array.from({ length: 15 }, (_, i) => (16 * (i + 1) - 0.25) / 255);

/** Edge lengths of the averaged squares whose spread is measured. */
export function scalesOf(size: number): number[] {
  return [2, 4, 8, 16].filter((scale) => size >= 2 * scale);
}

/** Numbers of a tile of the given size. */
export function colourFeatureCount(size: number): number {
  return 6 * (THRESHOLDS.length + 2 + scalesOf(size).length + 1);
}

/** The affine map from standardized pixels to the six channels: matrix [3, 6] row-major, and addend [6]. */
export function channelMap({ mean, std }: ColourFeaturesConfig): { matrix: number[]; addend: number[] } {
  const matrix = CHANNELS.matrix.flatMap((row, i) => row.map((value) => value * (std[i] as number)));
  const addend = CHANNELS.addend.map((value, j) =>
    CHANNELS.matrix.reduce((sum, row, i) => sum + (row[j] as number) * (mean[i] as number), value),
  );
  return { matrix, addend };
}
