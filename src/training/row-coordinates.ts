/** @module Rotates rows with many columns into as many coordinates as rows: enough for solvers with an L2 penalty. */

/** What a row adds to those before it counts as rounding errors if its squared length is a smaller share of the row's. */
const SMALLEST_SHARE = 1e-10;

/**
 * Uses the Cholesky factor of the Gram matrix. With an L2 penalty, fitting the coordinates is the same as fitting the columns (the
 * representer theorem: Kimeldorf and Wahba 1970). @param x [rows, k], row-major
 */
export function rowCoordinates(x: ArrayLike<number>, rows: number) {
  const k = x.length / rows;
  const values = new Float64Array(rows * rows);
  for (let a = 0; a < rows; a++) {
    for (let b = 0; b <= a; b++) {
      let product = 0;
      for (let j = 0, p = a * k, q = b * k; j < k; j++, p++, q++) product += x[p]! * x[q]!;
      const whole = product;
      for (let m = 0, p = a * rows, q = b * rows; m < b; m++, p++, q++) product -= values[p]! * values[q]!;
      if (a === b) values[a * rows + a] = product > SMALLEST_SHARE * whole ? Math.sqrt(product) : 0;
      else values[a * rows + b] = over(product, values[b * rows + b]!);
    }
  }
  return {
    /** [rows, rows], row-major, zero above the diagonal, with the rows' scalar products. */
    values,
    /** The shortest weights of the columns that are equivalent to `weights` of the coordinates. */
    expand(weights: Float64Array): Float64Array {
      // The shares of the rows, from the last one on.
      const shares = new Float64Array(rows);
      for (let i = rows - 1; i >= 0; i--) {
        let rest = weights[i]!;
        for (let m = i + 1; m < rows; m++) rest -= values[m * rows + i]! * shares[m]!;
        shares[i] = over(rest, values[i * rows + i]!);
      }
      const expanded = new Float64Array(k);
      for (let i = 0; i < rows; i++) {
        for (let j = 0, at = i * k; j < k; j++, at++) expanded[j]! += shares[i]! * x[at]!;
      }
      return expanded;
    },
  };
}

/** A row that is a sum of those before it has no coordinate of its own. */
function over(value: number, length: number): number {
  return length > 0 ? value / length : 0;
}
