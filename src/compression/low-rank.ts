/**
 * @module Splits a linear map of pixels into two small maps that give nearly the same outputs for real images.
 *
 * y = x W + b is replaced by z = (x W - mean) E, y = z D + (mean + b). E and D span the directions in which the outputs of real
 * images vary most, measured by the effect on the logit (to first order). Truncating the singular values of W itself would
 * spend accuracy on images that no camera takes.
 */
import { type ChannelAffine, type LinearMap, type Matrix, MatrixMultiplier, matrixOf } from "../conversion/index";
import { orthonormalize, symmetricEigen, transposed } from "../eigen/index";
import { Random } from "../random/index";
import type { Tail } from "./tail";

/** A map that is split at its highest rank. Lower ranks use the first components. */
export interface SplitMap {
  /** Number of components. */
  readonly rank: number;
  /** The two maps: pixels to components, and components to outputs. */
  truncated(rank: number): { first: LinearMap; second: LinearMap };
}

interface SplitOptions {
  /** Raw pixels of real images, uint8 [count, inputs]. */
  readonly images: Uint8Array;
  /** The standardization of the map's inputs. */
  readonly pixels: ChannelAffine;
  readonly maximumRank: number;
  /** The layers after the map, if they are known. */
  readonly tail?: Tail | undefined;
  /** Called with the share done, 0 to 1. */
  onProgress?(share: number): void;
}

/** Number of images whose gradients measure the sensitivity of the logit. */
const GRADIENT_IMAGES = 512;

/** Splits a map of standardized pixels. */
export async function splitMap(map: LinearMap, options: SplitOptions): Promise<SplitMap> {
  const { images, pixels, maximumRank, onProgress = () => undefined } = options;
  const { rows, columns } = map.matrix;
  const multiplier = await MatrixMultiplier.open();
  try {
    const outputs = await outputsOf(map.matrix, images, pixels, multiplier, onProgress);
    const metric = await metricOf(outputs, map.bias, options.tail, multiplier);
    const mean = centre(outputs, columns);
    const measured = await metric.apply(outputs);
    const { directions, rank } = await principalDirections(measured, columns, maximumRank, multiplier);
    // Outputs to components, transposed, and components to outputs, both [rank, columns].
    const encoder = await metric.apply(directions);
    const decoder = await metric.applyInverse(directions);
    const turned = transposed(encoder, rank, columns);
    const first = new Float32Array(rows * rank);
    for await (const { start, rows: blockRows, values } of map.matrix.blocks()) {
      first.set(await multiplier.multiply(values, turned, columns), start * rank);
      onProgress(0.5 + (0.5 * (start + blockRows)) / rows);
    }
    const truncated = (wanted: number) => {
      const kept = new Float32Array(rows * wanted);
      for (let row = 0; row < rows; row++) kept.set(first.subarray(row * rank, row * rank + wanted), row * wanted);
      const offset = Float64Array.from({ length: wanted }, (_, k) => {
        let sum = 0;
        for (let column = 0; column < columns; column++) sum -= mean[column]! * encoder[k * columns + column]!;
        return sum;
      });
      const outputs = matrixOf(decoder.subarray(0, wanted * columns), wanted, columns);
      return {
        first: { matrix: matrixOf(kept, rows, wanted), bias: offset },
        second: { matrix: outputs, bias: map.bias.map((b, column) => b + mean[column]!) },
      };
    };
    return { rank, truncated };
  } finally {
    await multiplier.close();
  }
}

/** The measure of changes of the outputs: by their effect on the logit, if the layers after the map are known. */
async function metricOf(
  outputs: Float32Array,
  bias: Float64Array,
  tail: Tail | undefined,
  multiplier: MatrixMultiplier,
): Promise<Metric> {
  if (!tail) return plainMetric;
  const columns = bias.length;
  const count = outputs.length / columns;
  const kept = Math.min(count, GRADIENT_IMAGES);
  const some = new Float32Array(kept * columns);
  for (let i = 0; i < kept; i++) {
    const row = outputs.subarray(Math.floor((i * count) / kept) * columns);
    some.set(
      bias.map((b, column) => row[column]! + b),
      i * columns,
    );
  }
  return sensitivityMetric(await tail.gradients(some, columns, multiplier), columns, multiplier);
}

/** Outputs of the map without its bias, [count, columns]. */
async function outputsOf(
  matrix: Matrix,
  images: Uint8Array,
  { scale, shift }: ChannelAffine,
  multiplier: MatrixMultiplier,
  onProgress: (share: number) => void,
): Promise<Float32Array> {
  const count = images.length / matrix.rows;
  const outputs = new Float32Array(count * matrix.columns);
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

/** Subtracts the mean row from a matrix and returns it. */
function centre(values: Float32Array, columns: number): Float64Array {
  const mean = new Float64Array(columns);
  const count = values.length / columns;
  for (let i = 0; i < values.length; i++) mean[i % columns]! += values[i]! / count;
  for (let i = 0; i < values.length; i++) values[i]! -= mean[i % columns]!;
  return mean;
}

/** A symmetric positive matrix S. The size of a change e (a row) is |e S|. */
interface Metric {
  /** rows S, row-major [count, columns]. */
  apply(rows: Float32Array): Promise<Float32Array>;
  /** rows S^-1 */
  applyInverse(rows: Float32Array): Promise<Float32Array>;
}

/** All changes have the same weight. */
const plainMetric: Metric = { apply: async (rows) => rows, applyInverse: async (rows) => rows };

/** Weight of a change that does not move the logit, as a share of the average: a few images' gradients do not show all effects. */
const FLOOR = 0.1;

/**
 * S^2 = mean of g g' + floor, with g the gradients of the logit for real images: to first order, |e S|^2 is the squared change
 * of the logit. S differs from a multiple of the identity only in the span of the gradients.
 * @param gradients row-major [count, columns], count up to about 1,000
 */
async function sensitivityMetric(
  gradients: Float32Array,
  columns: number,
  multiplier: MatrixMultiplier,
): Promise<Metric> {
  const count = gradients.length / columns;
  const products = await multiplier.multiply(gradients, transposed(gradients, count, columns), columns);
  const { values, vectors } = symmetricEigen(products, count);
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const floor = (FLOOR * total) / columns;
  if (!(floor > 0)) return plainMetric;
  const rank = values.filter((value) => value > 1e-6 * values[0]!).length;
  const combined = await multiplier.multiply(Float32Array.from(vectors.subarray(0, rank * count)), gradients, count);
  const directions = combined.map((value, i) => value / Math.sqrt(values[Math.floor(i / columns)]!));
  const turned = transposed(directions, rank, columns);
  const scale = Array.from(values.subarray(0, rank), (value) => Math.sqrt(1 + value / floor));
  const stretch = async (rows: Float32Array, factors: readonly number[]) => {
    const inside = await multiplier.multiply(rows, turned, columns);
    const scaled = inside.map((value, i) => value * (factors[i % rank]! - 1));
    const change = await multiplier.multiply(scaled, directions, rank);
    return rows.map((value, i) => value + change[i]!);
  };
  const inverse = scale.map((factor) => 1 / factor);
  return { apply: (rows) => stretch(rows, scale), applyInverse: (rows) => stretch(rows, inverse) };
}

/** Number of additional directions, which make the wanted directions accurate. */
const OVERSAMPLING = 16;
const ITERATIONS = 5;
/** Variances below this share of the largest variance are rounding errors. */
const NEGLIGIBLE = 1e-6;

/** At most `wanted` directions of largest variance, [rank, columns]. @param rows centred, row-major [count, columns] */
async function principalDirections(rows: Float32Array, columns: number, wanted: number, multiplier: MatrixMultiplier) {
  const count = rows.length / columns;
  const size = Math.min(wanted + OVERSAMPLING, count, columns);
  const turned = transposed(rows, count, columns);
  const random = new Random(1, "principal directions");
  let basis: Float32Array = Float32Array.from({ length: columns * size }, () => random.normal());
  for (let i = 0; i < ITERATIONS; i++) {
    const images = await multiplier.multiply(rows, basis, columns);
    basis = orthonormalColumns(await multiplier.multiply(turned, images, count), columns, size);
  }
  const images = await multiplier.multiply(rows, basis, columns);
  const covariance = await multiplier.multiply(transposed(images, count, size), images, count);
  const { values, vectors } = symmetricEigen(covariance, size);
  const rank = Math.min(wanted, values.filter((value) => value > values[0]! * NEGLIGIBLE).length);
  const rotation = Float32Array.from(vectors.subarray(0, rank * size));
  return { directions: await multiplier.multiply(rotation, transposed(basis, columns, size), size), rank };
}

/** The columns of a row-major [rows, columns] matrix made orthonormal. Those that depend on others become zero. */
function orthonormalColumns(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const vectors = Float64Array.from(transposed(matrix, rows, columns));
  orthonormalize(vectors, rows, 1e-6);
  return transposed(Float32Array.from(vectors), columns, rows);
}
