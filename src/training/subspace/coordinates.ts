/** @module Images as coordinates in a basis, scaled for training, and their views. */
import { setImmediate } from "node:timers/promises";
import { Random } from "../../random/index";
import { tf } from "../../tensorflow/index";
import type { Examples } from "../batches";
import type { Basis } from "./basis";
import { viewOfCoordinates } from "./symmetry";

/** The affine map from standardized pixels to coordinates: z = x projection + offset. */
export interface Projection {
  readonly rank: number;
  /** [size * size * 3, rank], row-major. */
  readonly matrix: Float32Array;
  /** [rank] */
  readonly offset: Float32Array;
}

/**
 * The projection on a basis with whitening: coordinates are divided by their standard deviation to the power `whitening` (0:
 * not at all, 1: to variance one), then all by one factor that makes their mean square one.
 */
export function whitenedProjection(basis: Basis, whitening: number): Projection {
  const { rank, directions, mean, variances } = basis;
  const scales = Float64Array.from(variances, (variance) => variance ** (-whitening / 2));
  const meanSquare = variances.reduce((sum, variance, i) => sum + variance * (scales[i] as number) ** 2, 0) / rank;
  const scale = Float32Array.from(scales, (s) => s / Math.sqrt(meanSquare));
  const matrix = new Float32Array(directions.length);
  for (let i = 0; i < matrix.length; i++) matrix[i] = (directions[i] as number) * (scale[i % rank] as number);
  return { rank, matrix, offset: Float32Array.from(mean, (m, i) => -m * (scale[i] as number)) };
}

/**
 * Coordinates of examples, [n, rank] row-major, computed in full precision from their pixels.
 * @param onDone called after each batch. May throw to stop
 */
export async function project(
  examples: Examples,
  { rank, matrix, offset }: Projection,
  onDone: (images: number) => void,
): Promise<Float32Array> {
  const count = examples.labels.length;
  const coordinates = new Float32Array(count * rank);
  const [basis, shift] = [tf.tensor2d(matrix, [matrix.length / rank, rank]), tf.tensor1d(offset)];
  try {
    for (let start = 0; start < count; start += 64) {
      const some = Uint32Array.from({ length: Math.min(64, count - start) }, (_, i) => start + i);
      const z = tf.tidy(() => {
        const x = tf.reshape(examples.inputs(some, undefined), [some.length, -1]) as tf.Tensor2D;
        return tf.add(tf.matMul(x, basis), shift);
      });
      coordinates.set(z.dataSync(), start * rank);
      z.dispose();
      await setImmediate(); // lets Ctrl-C through
      onDone(start + some.length);
    }
  } finally {
    tf.dispose([basis, shift]);
  }
  return coordinates;
}

/** Examples as coordinates. In an epoch each has one of its eight views, chosen by the seed, the epoch and the image. */
export function coordinateExamples(
  coordinates: Float32Array,
  classes: Basis["classes"],
  labels: ArrayLike<number>,
  seed: number,
): Examples {
  const rank = classes.length;
  const views = Array.from({ length: 8 }, (_, view) => viewOfCoordinates(classes, view));
  const gathered = (some: Uint32Array, viewOf: (image: number) => number) => {
    const values = new Float32Array(some.length * rank);
    some.forEach((image, i) => {
      const { source, sign } = views[viewOf(image)]!;
      const first = (image % labels.length) * rank;
      for (let j = 0; j < rank; j++) {
        values[i * rank + j] = (sign[j] as number) * (coordinates[first + (source[j] as number)] as number);
      }
    });
    return tf.tensor2d(values, [some.length, rank]);
  };
  return {
    labels,
    inputs: (some, epoch) =>
      gathered(some, (image) => (epoch === undefined ? 0 : new Random(seed, "dihedral", epoch, image).integer(8))),
    inView: (some, view) => gathered(some, () => view),
  };
}
