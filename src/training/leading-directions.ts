/** @module The directions in which rows vary most, as a preconditioner for products with X'X. */
import { symmetricEigen } from "../eigen/index";
import { Random } from "../random/index";

/** Most directions, and rows or columns for each. */
const [MOST, ONE_IN] = [50, 2];

/** Orthonormal directions of the columns, the longest first. */
export interface LeadingDirections {
  /** [count, k], row-major. */
  readonly vectors: Float64Array;
  /** Squared lengths of the rows along each direction, approximate from below. */
  readonly squares: Float64Array;
}

/**
 * Finds them by a randomized subspace iteration (Halko, Martinsson and Tropp 2011). Always the same for the same rows.
 * @param x [rows, k], row-major
 */
export function leadingDirections(x: ArrayLike<number>, rows: number): LeadingDirections {
  const k = x.length / rows;
  const count = Math.max(1, Math.min(MOST, Math.floor(Math.min(rows, k) / ONE_IN)));
  const random = new Random(1, "leading directions");
  const start = Float64Array.from({ length: k * count }, () => random.normal());
  const basis = orthonormal(timesTransposed(x, timesColumns(x, start, rows, k, count), rows, k, count), k, count);
  const along = timesColumns(x, basis, rows, k, count);
  const products = timesTransposed(along, along, rows, count, count);
  const { values, vectors: turns } = symmetricEigen(products, count);
  const vectors = new Float64Array(count * k);
  for (let a = 0; a < count; a++) {
    for (let j = 0; j < k; j++) {
      let sum = 0;
      for (let b = 0; b < count; b++) sum += turns[a * count + b]! * basis[j * count + b]!;
      vectors[a * k + j] = sum;
    }
  }
  return { vectors, squares: values.map((value) => Math.max(value, 0)) };
}

/** X times columns [k, count]: [rows, count]. */
function timesColumns(
  x: ArrayLike<number>,
  columns: Float64Array,
  rows: number,
  k: number,
  count: number,
): Float64Array {
  const product = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < k; j++) {
      const value = x[i * k + j]!;
      for (let a = 0, at = i * count, from = j * count; a < count; a++) product[at + a]! += value * columns[from + a]!;
    }
  }
  return product;
}

/** X' times values [rows, count]: [k, count]. */
function timesTransposed(
  x: ArrayLike<number>,
  values: Float64Array,
  rows: number,
  k: number,
  count: number,
): Float64Array {
  const product = new Float64Array(k * count);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < k; j++) {
      const value = x[i * k + j]!;
      for (let a = 0, at = j * count, from = i * count; a < count; a++) product[at + a]! += value * values[from + a]!;
    }
  }
  return product;
}

/** Columns [k, count] made orthonormal, twice because of rounding (modified Gram-Schmidt). Dependent ones become zeros. */
function orthonormal(columns: Float64Array, k: number, count: number): Float64Array {
  // Rows run along memory.
  const rows = new Float64Array(columns.length);
  for (let j = 0; j < k; j++) for (let a = 0; a < count; a++) rows[a * k + j] = columns[j * count + a]!;
  for (let a = 0; a < count; a++) {
    const own = rows.subarray(a * k, (a + 1) * k);
    const before = Math.sqrt(dot(own, own));
    for (let pass = 0; pass < 2; pass++) {
      for (let b = 0; b < a; b++) {
        const other = rows.subarray(b * k, (b + 1) * k);
        const share = dot(own, other);
        for (let j = 0; j < k; j++) own[j]! -= share * other[j]!;
      }
    }
    const length = Math.sqrt(dot(own, own));
    const scale = length > 1e-10 * before ? 1 / length : 0;
    for (let j = 0; j < k; j++) own[j]! *= scale;
  }
  for (let j = 0; j < k; j++) for (let a = 0; a < count; a++) columns[j * count + a] = rows[a * k + j]!;
  return columns;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
