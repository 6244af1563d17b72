/** @module Rotates rows with many columns into as many coordinates as rows: enough for solvers with an L2 penalty. */
import { symmetricEigen } from "../eigen/index";

/** The rotated rows. Their scalar products are unchanged. */
export interface RowCoordinates {
  /** [rows, width], row-major; the columns are orthogonal, the longest first. */
  readonly values: Float64Array;
  readonly width: number;
  /** The shortest weights of the columns that are equivalent to `weights` of the coordinates. */
  readonly expand: (weights: Float64Array) => Float64Array;
}

/** Directions whose squared length is a smaller share of the first one's are rounding errors. */
const SMALLEST_SHARE = 1e-10;

/**
 * Uses the eigenvectors of the Gram matrix (kernel PCA without centring: Schölkopf, Smola and Müller 1998). Fitting a model
 * with an L2 penalty to the coordinates of all or some rows is the same as fitting it to the columns, because its weights are
 * sums of rows (the representer theorem: Kimeldorf and Wahba 1970).
 * @param x [rows, k], row-major; rows up to about 1,000
 */
export function rowCoordinates(x: ArrayLike<number>, rows: number): RowCoordinates {
  const k = x.length / rows;
  const gram = new Float64Array(rows * rows);
  for (let a = 0; a < rows; a++) {
    for (let b = 0; b <= a; b++) {
      let product = 0;
      for (let j = 0, p = a * k, q = b * k; j < k; j++, p++, q++) product += x[p]! * x[q]!;
      gram[a * rows + b] = gram[b * rows + a] = product;
    }
  }
  const { values: squares, vectors } = symmetricEigen(gram, rows);
  const least = SMALLEST_SHARE * Math.max(squares[0] ?? 0, Number.MIN_VALUE);
  const lengths = squares.filter((square) => square > least).map(Math.sqrt);
  const width = lengths.length;
  const values = new Float64Array(rows * width);
  for (let j = 0; j < width; j++) {
    for (let i = 0; i < rows; i++) values[i * width + j] = lengths[j]! * vectors[j * rows + i]!;
  }
  return {
    values,
    width,
    expand(weights) {
      const shares = new Float64Array(rows);
      for (let j = 0; j < width; j++) {
        const share = weights[j]! / lengths[j]!;
        for (let i = 0; i < rows; i++) shares[i]! += share * vectors[j * rows + i]!;
      }
      const expanded = new Float64Array(k);
      for (let i = 0; i < rows; i++) {
        for (let j = 0, at = i * k; j < k; j++, at++) expanded[j]! += shares[i]! * x[at]!;
      }
      return expanded;
    },
  };
}
