/** @module Eigenvectors, principal axes and linear equations of small dense matrices, row-major. */
import { type SymmetricEigen, symmetricEigen } from "./symmetric-eigen";

export { type SymmetricEigen, symmetricEigen } from "./symmetric-eigen";

/** Solves A s = b for a symmetric positive definite A, given by its lower triangle; both are overwritten. */
export function solveCholesky(a: Float64Array, b: Float64Array, size: number): Float64Array {
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let sum = a[i * size + j] as number;
      for (let m = 0; m < j; m++) sum -= (a[i * size + m] as number) * (a[j * size + m] as number);
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (a[j * size + j] as number);
    }
  }
  for (let i = 0; i < size; i++) {
    let sum = b[i] as number;
    for (let m = 0; m < i; m++) sum -= (a[i * size + m] as number) * (b[m] as number);
    b[i] = sum / (a[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = b[i] as number;
    for (let m = i + 1; m < size; m++) sum -= (a[m * size + i] as number) * (b[m] as number);
    b[i] = sum / (a[i * size + i] as number);
  }
  return b;
}

/** The transpose of a matrix [rows, columns]. */
export function transposed<Values extends Float32Array | Float64Array>(
  matrix: Values,
  rows: number,
  columns: number,
): Values {
  const result = matrix.slice() as Values;
  for (let row = 0, from = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, from++) result[column * rows + row] = matrix[from]!;
  }
  return result;
}

/**
 * Makes the rows of a matrix orthonormal in place: modified Gram-Schmidt, twice because of rounding.
 * @param width length of a row
 * @param least rows of which a smaller share is left depend on those before them, and become zero
 */
export function orthonormalize(matrix: Float64Array, width: number, least: number): void {
  for (let k = 0; k < matrix.length / width; k++) {
    const vector = matrix.subarray(k * width, (k + 1) * width);
    const before = norm(vector);
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < k; other++) {
        const direction = matrix.subarray(other * width, (other + 1) * width);
        let product = 0;
        for (let i = 0; i < width; i++) product += vector[i]! * direction[i]!;
        for (let i = 0; i < width; i++) vector[i]! -= product * direction[i]!;
      }
    }
    const length = norm(vector);
    const factor = length > least * before ? 1 / length : 0;
    for (let i = 0; i < width; i++) vector[i]! *= factor;
  }
}

function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

/** Eigenvalues below this share of the largest are taken for rounding errors. */
const NEGLIGIBLE = 1e-9;

/**
 * Eigenpairs of X'X / n by falling eigenvalue, X being the n rows: all, or at least `count` of them. Fewer rows than columns have
 * the same eigenvalues, but for zeros, in the smaller matrix X X' / n, whose eigenvectors u give those of X'X as X'u (Turk and
 * Pentland 1991, "Eigenfaces for recognition").
 * @param rows of equal length @param count at most the length of a row
 */
export function principalAxes(rows: readonly Float64Array[], count: number): SymmetricEigen {
  const [n, width] = [rows.length, rows[0]?.length ?? 0];
  if (count < n && n < width) {
    const { values, vectors } = symmetricEigen(meanProducts(rows, n), n);
    if (values[count - 1]! > NEGLIGIBLE * values[0]!) {
      const axes = new Float64Array(count * width);
      for (let k = 0; k < count; k++) {
        const factor = 1 / Math.sqrt(n * values[k]!);
        for (const [i, row] of rows.entries()) {
          const share = factor * vectors[k * n + i]!;
          for (let j = 0, at = k * width; j < width; j++, at++) axes[at]! += share * row[j]!;
        }
      }
      return { values: values.subarray(0, count), vectors: axes };
    }
  }
  const columns = Array.from({ length: width }, (_, j) => Float64Array.from(rows, (row) => row[j]!));
  return symmetricEigen(meanProducts(columns, n), width);
}

/** The products of the vectors with each other, divided by n. */
function meanProducts(vectors: readonly Float64Array[], n: number): Float64Array {
  const size = vectors.length;
  const result = new Float64Array(size * size);
  for (const [a, first] of vectors.entries()) {
    for (let b = 0; b <= a; b++) {
      const second = vectors[b]!;
      let sum = 0;
      for (let i = 0; i < first.length; i++) sum += first[i]! * second[i]!;
      result[a * size + b] = result[b * size + a] = sum / n;
    }
  }
  return result;
}
