/** @module The leading right singular vectors of a matrix, by randomized subspace iteration (Halko, Martinsson and Tropp 2011). */
import type { MatrixMultiplier } from "../conversion/index";
import { symmetricEigen } from "../eigen/index";
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

/** Gram-Schmidt, twice for accuracy. Columns that depend on others become zero. Row-major [rows, columns]. */
function orthonormalColumns(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const vectors = Float64Array.from(transposed(matrix, rows, columns));
  for (let k = 0; k < columns; k++) {
    const vector = vectors.subarray(k * rows, (k + 1) * rows);
    const before = norm(vector);
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < k; other++) {
        const direction = vectors.subarray(other * rows, (other + 1) * rows);
        let product = 0;
        for (let i = 0; i < rows; i++) product += vector[i]! * direction[i]!;
        for (let i = 0; i < rows; i++) vector[i]! -= product * direction[i]!;
      }
    }
    const length = norm(vector);
    const factor = length > 1e-6 * before ? 1 / length : 0;
    for (let i = 0; i < rows; i++) vector[i]! *= factor;
  }
  return transposed(Float32Array.from(vectors), columns, rows);
}

function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

/** The transpose of a row-major [rows, columns] matrix. */
export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let row = 0, from = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, from++) result[column * rows + row] = matrix[from]!;
  }
  return result;
}
