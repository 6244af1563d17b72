/** @module Standardizes features to mean 0 and deviation 1 on the training set. */

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
