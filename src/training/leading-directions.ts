/** @module The directions in which rows vary most, as a preconditioner for products with X'X. */
import { orthonormalize, symmetricEigen, transposed } from "../eigen/index";
import { Random } from "../random/index";

/** Most directions, and rows or columns for each. */
const [MOST, ONE_IN] = [50, 2];
/** Of a direction that depends on others, only rounding errors are left. */
const ROUNDING = 1e-10;

/** Orthonormal directions of the columns, the longest first. */
export interface LeadingDirections {
  /** [count, k], row-major. */
  readonly vectors: Float64Array;
  /** Squared lengths of the rows along each direction, approximate from below. */
  readonly squares: Float64Array;
}

/** Finds them by a randomized subspace iteration (Halko, Martinsson and Tropp 2011), always the same. @param x [rows, k], row-major */
export function leadingDirections(x: ArrayLike<number>, rows: number): LeadingDirections {
  const k = x.length / rows;
  const count = Math.max(1, Math.min(MOST, Math.floor(Math.min(rows, k) / ONE_IN)));
  const random = new Random(1, "leading directions");
  const start = Float64Array.from({ length: k * count }, () => random.normal());
  const basis = times(transposed(times(x, start, [rows, k, count]), rows, count), x, [count, rows, k]);
  orthonormalize(basis, k, ROUNDING);
  const along = times(x, transposed(basis, count, k), [rows, k, count]);
  const products = times(transposed(along, rows, count), along, [count, rows, count]);
  const { values, vectors: turns } = symmetricEigen(products, count);
  return { vectors: times(turns, basis, [count, count, k]), squares: values.map((value) => Math.max(value, 0)) };
}

/** The product [n, q] of a [n, p] and b [p, q]. */
function times(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [n, p, q]: readonly [n: number, p: number, q: number],
): Float64Array {
  const product = new Float64Array(n * q);
  for (let i = 0; i < n; i++) {
    for (let m = 0; m < p; m++) {
      const value = a[i * p + m]!;
      for (let j = 0, at = i * q, from = m * q; j < q; j++) product[at + j]! += value * b[from + j]!;
    }
  }
  return product;
}
