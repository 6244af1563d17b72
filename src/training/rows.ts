/** @module Matrices of features [n, width] in row-major arrays: selecting, joining, averaging and standardizing rows. */

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

/** Matrices with `count` rows each, next to each other: all first rows, then all second rows, and so on. */
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

/** z = (f - shift) * scale, by column. */
export interface FeatureScaling {
  readonly shift: Float32Array;
  readonly scale: Float32Array;
}

/** Mean and inverse standard deviation of each column of values [n, width]; constant columns are scaled by 0. */
export function fitScaling(values: Float32Array, width: number): FeatureScaling {
  const shift = new Float32Array(width);
  const scale = new Float32Array(width);
  const count = values.length / width;
  for (let j = 0; j < width; j++) {
    let [sum, squares] = [0, 0];
    for (let i = j; i < values.length; i += width) sum += values[i] as number;
    const mean = sum / count;
    for (let i = j; i < values.length; i += width) squares += ((values[i] as number) - mean) ** 2;
    const deviation = Math.sqrt(squares / count);
    shift[j] = mean;
    scale[j] = deviation > 1e-6 ? 1 / deviation : 0;
  }
  return { shift, scale };
}

/** The weights of a layer that applies the scaling, by name. */
export function scalingWeights(layer: string, { shift, scale }: FeatureScaling) {
  return [[`${layer}/shift`, shift] as const, [`${layer}/scale`, scale] as const];
}

/** The scaled values, as a new array. */
export function scaled(values: Float32Array, { shift, scale }: FeatureScaling): Float32Array {
  const width = shift.length;
  return values.map((value, i) => (value - (shift[i % width] as number)) * (scale[i % width] as number));
}
