/** @module Images as coordinates in a basis, scaled for training, and their views; those of a run are kept on disk next to the basis. */

import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Partition } from "../../dataset/index";
import { SafetensorsFile, sha256, writeOnce, writeSafetensors } from "../../files/index";
import { Random } from "../../random/index";
import { tf } from "../../tensorflow/index";
import { type Examples, pixelExamples } from "../batches";
import { eachPartition, type TrainingData } from "../data";
import { kept } from "../kept";
import type { TaskContext } from "../training-task";
import type { Basis } from "./basis";
import { fingerprintOf, readWhole, removeDamaged, subspaceDirectoryOf } from "./basis-cache";
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

/** Coordinates of examples, [n, rank] row-major, in full precision. @param onDone called after each batch. May throw to stop */
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

/** Increase this when the method changes. */
const VERSION = 1;
const PARTITIONS = ["train", "validation", "test"] as const;

/** Coordinates of all tiles, [n, rank] row-major for each partition. */
type Coordinates = Readonly<Record<Partition, Float32Array>>;

/** The coordinates of a run's tiles in a basis, from the cache or computed. */
export async function cachedCoordinates(
  data: TrainingData,
  basis: Basis,
  { projection, whitening }: { readonly projection: Projection; readonly whitening: number },
  context: TaskContext,
): Promise<Coordinates> {
  const { store, positions, preprocessing } = data;
  const { mean, std } = preprocessing;
  const places = PARTITIONS.map((partition) => [...positions[partition]]);
  const key = sha256(JSON.stringify([VERSION, fingerprintOf(basis), whitening, store.contentHash, places, mean, std]));
  const path = join(subspaceDirectoryOf(context), `${key.slice(0, 32)}.coordinates.safetensors`);
  const { rank } = basis;
  const read = () =>
    SafetensorsFile.reading(path, (file) =>
      eachPartition((partition) => readWhole(file, partition, positions[partition].length * rank)),
    );
  const stored = await read().catch((error: unknown) => removeDamaged(path, error));
  if (stored) return stored;
  const found = await projectAll(data, projection, context);
  const tensors = PARTITIONS.map((name) => {
    const values = found[name];
    return { name, shape: [values.length / rank, rank], data: () => values };
  });
  const write = () => writeOnce(path, (own) => writeSafetensors(own, tensors));
  return (await kept("coordinates", write, context.progress)) ? read() : found;
}

async function projectAll(
  data: TrainingData,
  projection: Projection,
  { progress, signal }: TaskContext,
): Promise<Coordinates> {
  const task = progress.start("Coordinates", data.dataset.tiles.length, "images");
  let before = 0;
  const found = await eachPartition(async (partition) => {
    const labels = data.labels[partition];
    const pixels = pixelExamples(data.store, data.positions[partition], labels, data.preprocessing);
    const coordinates = await project(pixels, projection, (done) => {
      signal?.throwIfAborted();
      task.update(before + done);
    });
    before += labels.length;
    return coordinates;
  });
  task.finish();
  return found;
}
