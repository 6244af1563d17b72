/** @module Linear equations with a symmetric positive definite matrix. */

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
