/**
 * @module Colour and texture of a tile from its levels, with integer sums, so that every processor gives the same result. Shared with
 * the exporter, which does not load TensorFlow.
 */

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

/** Integers, row by row. */
interface Plane {
  readonly values: Int32Array;
  readonly height: number;
  readonly width: number;
}

/**
 * The features of `ColourFeatures` before shift and scale, in groups of six channels.
 * @param levels uint8 [height, width, 3]
 */
export function measureColours(levels: Uint8Array | Uint8ClampedArray, height: number, width: number): Float32Array {
  const features = new Float32Array(colourFeatureCount(height));
  for (let channel = 0; channel < 6; channel++) {
    const plane = { values: channelOf(levels, channel), height, width };
    const { mean, spread } = momentsOf(plane.values, LARGEST);
    const measures = [...sharesAbove(plane.values), mean, spread];
    let boxes: Plane = plane;
    for (const scale of scalesOf(height)) {
      boxes = sumsOfFour(boxes);
      measures.push(momentsOf(boxes.values, LARGEST * scale ** 2).spread);
    }
    measures.push((meanStep(plane, width) + meanStep(plane, 1)) / (2 * LARGEST));
    measures.forEach((value, group) => {
      features[6 * group + channel] = value;
    });
  }
  return features;
}

function channelOf(levels: Uint8Array | Uint8ClampedArray, channel: number): Int32Array {
  const [red, green, blue] = CHANNELS.matrix[channel] as [number, number, number];
  const values = new Int32Array(levels.length / 3).fill(CHANNELS.addend[channel] as number);
  for (let i = 0, at = 0; i < values.length; i++, at += 3) {
    values[i]! += red * levels[at]! + green * levels[at + 1]! + blue * levels[at + 2]!;
  }
  return values;
}

/** Shares of values above each threshold. */
function sharesAbove(values: Int32Array): number[] {
  const counts = new Uint32Array(LARGEST + 2);
  for (let i = 0; i < values.length; i++) counts[values[i]!]!++;
  // Makes the counts cumulative, from the largest level down.
  for (let level = LARGEST; level >= 0; level--) counts[level]! += counts[level + 1]!;
  return THRESHOLDS.map((level) => counts[Math.ceil(level)]! / values.length);
}

/** Mean and standard deviation of `values / unit`, from integer sums. */
function momentsOf(values: Int32Array, unit: number): { readonly mean: number; readonly spread: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const variance = Math.max(0, squares / values.length - mean * mean);
  return { mean: mean / unit, spread: Math.sqrt(variance / (unit * unit) + TINY) };
}

/** Sums over blocks of two by two values. */
function sumsOfFour({ values, height, width }: Plane): Plane {
  const [rows, columns] = [height >> 1, width >> 1];
  const sums = new Int32Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = 2 * (y * width + x);
      sums[y * columns + x] = values[at]! + values[at + 1]! + values[at + width]! + values[at + width + 1]!;
    }
  }
  return { values: sums, height: rows, width: columns };
}

/** Mean absolute difference of neighbours, 1 apart in a row or `width` apart in a column; 0 if there are none. */
function meanStep({ values, height, width }: Plane, apart: number): number {
  const [rows, columns] = apart === 1 ? [height, width - 1] : [height - 1, width];
  let sum = 0;
  for (let y = 0; y < rows; y++) {
    for (let i = y * width; i < y * width + columns; i++) sum += Math.abs(values[i + apart]! - values[i]!);
  }
  return sum / Math.max(1, rows * columns);
}
