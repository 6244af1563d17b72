/** @module Colour and texture of a tile from its levels: sums of whole numbers, the same on every processor. */
import { CHANNELS, colourFeatureCount, LARGEST, scalesOf, THRESHOLDS, TINY } from "./colour-levels";

/** Whole numbers, row by row. */
interface Plane {
  readonly values: Int32Array;
  readonly height: number;
  readonly width: number;
}

/**
 * The features of `ColourFeatures` before shift and scale, group by group, in each group six channels.
 * @param levels uint8 [height, width, 3]
 */
export function measureColours(levels: Uint8Array | Uint8ClampedArray, height: number, width: number): Float32Array {
  const features = new Float32Array(colourFeatureCount(height));
  for (let channel = 0; channel < 6; channel++) {
    const plane = { values: channelOf(levels, channel), height, width };
    const measures = [...sharesAbove(plane.values), meanOf(plane.values) / LARGEST, spreadOf(plane.values, LARGEST)];
    let boxes: Plane = plane;
    for (const scale of scalesOf(height)) {
      boxes = sumsOfFour(boxes);
      measures.push(spreadOf(boxes.values, LARGEST * scale ** 2));
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

function sharesAbove(values: Int32Array): number[] {
  const counts = new Array<number>(LARGEST + 1).fill(0);
  for (const value of values) counts[value]!++;
  return THRESHOLDS.map((level) => counts.slice(Math.ceil(level)).reduce((a, b) => a + b) / values.length);
}

function meanOf(values: Int32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Standard deviation of `values / unit`. */
function spreadOf(values: Int32Array, unit: number): number {
  const mean = meanOf(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / values.length / unit ** 2 + TINY);
}

/** Sums of squares of two by two values. */
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

/** Mean absolute difference of neighbours, 1 apart in a row or `width` apart in a column. */
function meanStep({ values, height, width }: Plane, apart: number): number {
  const [rows, columns] = apart === 1 ? [height, width - 1] : [height - 1, width];
  let sum = 0;
  for (let y = 0; y < rows; y++) {
    for (let i = y * width; i < y * width + columns; i++) sum += Math.abs(values[i + apart]! - values[i]!);
  }
  return sum / (rows * columns);
}
