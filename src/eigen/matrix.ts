/** @module Small helpers for dense matrices, row-major. */

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
