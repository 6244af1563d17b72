/** @module The leading right singular vectors of a matrix, by randomized subspace iteration (Halko, Martinsson and Tropp 2011). */
import type { MatrixMultiplier } from "../conversion/index";
import { orthonormalize, symmetricEigen, transposed } from "../eigen/index";
import { Random } from "../random/index";

/** Number of additional directions, which make the wanted directions accurate. */
const OVERSAMPLING = 16;
const ITERATIONS = 5;
/** Variances below this share of the largest variance are rounding errors. */
const NEGLIGIBLE = 1e-6;

/** Directions in which rows vary. */
export interface Directions {
  /** Row-major [rank, columns], orthonormal, in order of decreasing variance. */
  readonly directions: Float32Array;
  readonly rank: number;
}

/**
 * At most `wanted` directions of largest variance.
 * @param rows centred, row-major [count, columns]
 */
export async function principalDirections(
  rows: Float32Array,
  columns: number,
  wanted: number,
  multiplier: MatrixMultiplier,
): Promise<Directions> {
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
