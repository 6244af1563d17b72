/**
 * @module Splits a linear map of pixels into two small ones that agree with it on real images.
 *
 * y = x W + b is replaced by z = (x W - mean) V, y = z V' + (mean + b), where V holds the directions in which the outputs of
 * real images vary most. That is the best split of a given rank for those images (in squared error of the outputs), and better
 * than cutting W's own singular values, which ask for all images alike, most of which no camera ever sees.
 */
import type { ChannelAffine } from "./conversion";
import type { LinearMap } from "./linear";
import { type Matrix, matrixOf } from "./matrix";
import { MatrixMultiplier } from "./matrix-product";
import { symmetricEigen } from "./symmetric-eigen";

/** A map split at its highest rank; lower ranks use the first components. */
export interface SplitMap {
  /** How many components there are. */
  readonly rank: number;
  /** The two maps, first pixels to components, then components to outputs. */
  truncated(rank: number): { first: LinearMap; second: LinearMap };
}

/**
 * Splits a map of standardized pixels.
 * @param images raw pixels of real images, uint8 [count, inputs]
 * @param onProgress told the share done, 0 to 1
 */
export async function splitMap(
  map: LinearMap,
  images: Uint8Array,
  pixels: ChannelAffine,
  maximumRank: number,
  onProgress: (share: number) => void,
): Promise<SplitMap> {
  const { rows, columns } = map.matrix;
  const count = images.length / rows;
  const multiplier = await MatrixMultiplier.open();
  try {
    const outputs = await outputsOf(map.matrix, images, count, pixels, multiplier, onProgress);
    const mean = centre(outputs, columns);
    const directions = await principalDirections(Float32Array.from(outputs), columns, maximumRank, multiplier);
    const rank = directions.length / columns;
    const turned = transpose(directions, rank, columns);
    const first = new Float32Array(rows * rank);
    for await (const { start, rows: blockRows, values } of map.matrix.blocks()) {
      first.set(await multiplier.multiply(values, turned, columns), start * rank);
      onProgress(0.5 + (0.5 * (start + blockRows)) / rows);
    }
    return {
      rank,
      truncated: (wanted) => truncate({ first, directions, mean, bias: map.bias, rows, columns, rank }, wanted),
    };
  } finally {
    await multiplier.close();
  }
}

/** Variances below this share of the largest are rounding errors. */
const NEGLIGIBLE = 1e-6;

/** Outputs of the map without its bias, [count, columns]. */
async function outputsOf(
  matrix: Matrix,
  images: Uint8Array,
  count: number,
  { scale, shift }: ChannelAffine,
  multiplier: MatrixMultiplier,
  onProgress: (share: number) => void,
): Promise<Float64Array> {
  const outputs = new Float64Array(count * matrix.columns);
  const channels = scale.length;
  for await (const { start, rows, values } of matrix.blocks()) {
    const inputs = new Float32Array(count * rows);
    for (let image = 0, at = 0; image < count; image++) {
      for (let i = 0, from = image * matrix.rows + start; i < rows; i++, at++, from++) {
        const channel = (start + i) % channels;
        inputs[at] = images[from]! * scale[channel]! + shift[channel]!;
      }
    }
    const part = await multiplier.multiply(inputs, values, rows);
    for (let i = 0; i < part.length; i++) outputs[i]! += part[i]!;
    onProgress((0.5 * (start + rows)) / matrix.rows);
  }
  return outputs;
}

/** Takes the mean row out of a matrix and returns it. */
function centre(values: Float64Array, columns: number): Float64Array {
  const mean = new Float64Array(columns);
  const count = values.length / columns;
  for (let i = 0; i < values.length; i++) mean[i % columns]! += values[i]! / count;
  for (let i = 0; i < values.length; i++) values[i]! -= mean[i % columns]!;
  return mean;
}

/** Directions of largest variance of centred rows: row-major [rank, columns], orthonormal. */
async function principalDirections(
  rows: Float32Array,
  columns: number,
  maximumRank: number,
  multiplier: MatrixMultiplier,
): Promise<Float32Array> {
  const count = rows.length / columns;
  const turned = transpose(rows, count, columns);
  const wide = columns > count;
  const side = wide ? count : columns;
  const products = wide ? multiplier.multiply(rows, turned, columns) : multiplier.multiply(turned, rows, count);
  const { values, vectors } = symmetricEigen(await products, side);
  const rank = Math.min(maximumRank, values.filter((value) => value > values[0]! * NEGLIGIBLE).length);
  const kept = Float32Array.from(vectors.subarray(0, rank * side));
  if (!wide) return kept;
  const directions = await multiplier.multiply(kept, rows, count);
  return directions.map((value, i) => value / Math.sqrt(values[Math.floor(i / columns)]!));
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(matrix, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!);
}

interface FullSplit {
  /** [rows, rank] */
  readonly first: Float32Array;
  /** [rank, columns] */
  readonly directions: Float32Array;
  readonly mean: Float64Array;
  readonly bias: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
}

function truncate({ first, directions, mean, bias, rows, columns, rank }: FullSplit, wanted: number) {
  const kept = new Float32Array(rows * wanted);
  for (let row = 0; row < rows; row++) kept.set(first.subarray(row * rank, row * rank + wanted), row * wanted);
  const offset = Float64Array.from({ length: wanted }, (_, k) => {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum -= mean[column]! * directions[k * columns + column]!;
    return sum;
  });
  return {
    first: { matrix: matrixOf(kept, rows, wanted), bias: offset },
    second: {
      matrix: matrixOf(directions.subarray(0, wanted * columns), wanted, columns),
      bias: bias.map((b, column) => b + mean[column]!),
    },
  };
}
