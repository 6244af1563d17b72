/** @module The directions in which rows are longest. */
import { type SymmetricEigen, symmetricEigen } from "./symmetric-eigen";

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
