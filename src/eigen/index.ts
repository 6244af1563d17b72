/** @module Eigenvectors, principal axes and linear equations of small dense matrices, row-major. */

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

/** Makes the rows orthonormal in place (Gram-Schmidt, twice). @param width of a row @param least rows of which less is left become zero */
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

/** Eigenpairs by falling eigenvalue. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  /** Row-major [n, n]; row k is the unit eigenvector of `values[k]`. */
  readonly vectors: Float64Array;
}

/** @param matrix row-major [n, n], symmetric; n up to about 1,000 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): SymmetricEigen {
  const v = Float64Array.from(matrix);
  const diagonal = new Float64Array(n);
  const below = new Float64Array(n);
  tridiagonalize(v, diagonal, below, n);
  implicitQl(v, diagonal, below, n);
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]!);
  const vectors = new Float64Array(n * n);
  for (const [k, column] of order.entries()) for (let i = 0; i < n; i++) vectors[k * n + i] = v[column * n + i]!;
  return { values: Float64Array.from(order, (column) => diagonal[column]!), vectors };
}

/** Reduces `v` to a tridiagonal matrix (`d`, `e`) and leaves the transformation in it, transposed: inner loops run along memory. */
function tridiagonalize(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) d[j] = v[j * n + n - 1]!;
  for (let i = n - 1; i > 0; i--) {
    let scale = 0;
    let h = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]!);
    if (scale === 0) {
      e[i] = d[i - 1]!;
      for (let j = 0; j < i; j++) {
        d[j] = v[j * n + i - 1]!;
        v[j * n + i] = 0;
        v[i * n + j] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) {
        d[k]! /= scale;
        h += d[k]! * d[k]!;
      }
      let f = d[i - 1]!;
      let g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= f * g;
      d[i - 1] = f - g;
      e.fill(0, 0, i);
      for (let j = 0; j < i; j++) {
        f = d[j]!;
        v[i * n + j] = f;
        g = e[j]! + v[j * n + j]! * f;
        for (let k = j + 1; k < i; k++) {
          g += v[j * n + k]! * d[k]!;
          e[k]! += v[j * n + k]! * f;
        }
        e[j] = g;
      }
      f = 0;
      for (let j = 0; j < i; j++) {
        e[j]! /= h;
        f += e[j]! * d[j]!;
      }
      const hh = f / (h + h);
      for (let j = 0; j < i; j++) e[j]! -= hh * d[j]!;
      for (let j = 0; j < i; j++) {
        f = d[j]!;
        g = e[j]!;
        for (let k = j; k < i; k++) v[j * n + k]! -= f * e[k]! + g * d[k]!;
        d[j] = v[j * n + i - 1]!;
        v[j * n + i] = 0;
      }
    }
    d[i] = h;
  }
  accumulate(v, d, n);
  e[0] = 0;
}

/** Multiplies the reflections of {@link tridiagonalize} out. */
function accumulate(v: Float64Array, d: Float64Array, n: number): void {
  for (let i = 0; i < n - 1; i++) {
    v[i * n + n - 1] = v[i * n + i]!;
    v[i * n + i] = 1;
    const h = d[i + 1]!;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = v[(i + 1) * n + k]! / h;
      for (let j = 0; j <= i; j++) {
        let g = 0;
        for (let k = 0; k <= i; k++) g += v[(i + 1) * n + k]! * v[j * n + k]!;
        for (let k = 0; k <= i; k++) v[j * n + k]! -= g * d[k]!;
      }
    }
    for (let k = 0; k <= i; k++) v[(i + 1) * n + k] = 0;
  }
  for (let j = 0; j < n; j++) {
    d[j] = v[j * n + n - 1]!;
    v[j * n + n - 1] = 0;
  }
  v[n * n - 1] = 1;
}

/** Diagonalizes the tridiagonal matrix, turning the rows of `v` along. */
function implicitQl(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  let shift = 0;
  let largest = 0;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l]!) + Math.abs(e[l]!));
    let m = l;
    while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * largest) m++;
    while (m > l && Math.abs(e[l]!) > Number.EPSILON * largest) {
      let g = d[l]!;
      let p = (d[l + 1]! - g) / (2 * e[l]!);
      let r = p < 0 ? -Math.hypot(p, 1) : Math.hypot(p, 1);
      d[l] = e[l]! / (p + r);
      d[l + 1] = e[l]! * (p + r);
      const next = d[l + 1]!;
      let h = g - d[l]!;
      for (let i = l + 2; i < n; i++) d[i]! -= h;
      shift += h;
      p = d[m]!;
      let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
      const before = e[l + 1]!;
      for (let i = m - 1; i >= l; i--) {
        c3 = c2;
        c2 = c;
        s2 = s;
        g = c * e[i]!;
        h = c * p;
        r = Math.hypot(p, e[i]!);
        e[i + 1] = s * r;
        s = e[i]! / r;
        c = p / r;
        p = c * d[i]! - s * g;
        d[i + 1] = h + s * (c * g + s * d[i]!);
        rotateRows(v, n, i, c, s);
      }
      p = (-s * s2 * c3 * before * e[l]!) / next;
      e[l] = s * p;
      d[l] = c * p;
    }
    d[l]! += shift;
    e[l] = 0;
  }
}

function rotateRows(v: Float64Array, n: number, row: number, c: number, s: number): void {
  for (let k = 0, a = row * n, b = a + n; k < n; k++, a++, b++) {
    const h = v[b]!;
    v[b] = s * v[a]! + c * h;
    v[a] = c * v[a]! - s * h;
  }
}
