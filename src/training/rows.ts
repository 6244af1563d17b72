/** @module Matrices [n, width] in row-major arrays: selecting, joining and averaging rows. */

/** Arrays one after the other. */
export function joined(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}

export function rowsAt(values: Float32Array, width: number, positions: Uint32Array): Float32Array {
  const rows = new Float32Array(positions.length * width);
  positions.forEach((position, i) => {
    rows.set(values.subarray(position * width, (position + 1) * width), i * width);
  });
  return rows;
}

/** Element-wise mean of several arrays. */
export function meanOf(arrays: readonly Float32Array[]): Float32Array {
  const [first, ...rest] = arrays as [Float32Array, ...Float32Array[]];
  if (rest.length === 0) return first;
  return first.map((value, i) => rest.reduce((sum, other) => sum + (other[i] as number), value) / arrays.length);
}

/** Rows of several matrices in turn: all first rows, then all second rows, and so on. */
export function interleaved(matrices: readonly Float32Array[], width: number): Float32Array {
  const [first] = matrices as [Float32Array];
  const rows = Array.from({ length: first.length / width }, (_, row) =>
    matrices.map((values) => values.subarray(row * width, (row + 1) * width)),
  );
  return joined(rows.flat());
}

/** Matrices with `count` rows each, next to each other. */
export function sideBySide(matrices: readonly Float32Array[], count: number): Float32Array {
  if (matrices.length === 1) return matrices[0] as Float32Array;
  const rows = Array.from({ length: count }, (_, row) =>
    matrices.map((values) => {
      const width = values.length / count;
      return values.subarray(row * width, (row + 1) * width);
    }),
  );
  return joined(rows.flat());
}
