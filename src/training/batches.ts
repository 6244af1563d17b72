/** @module Which examples an epoch uses, and their batches, addressed by epoch and index, so that each can be loaded again. */
import type { PixelStore } from "../dataset/index";
import { dihedral } from "../image/augment/index";
import type { PixelAugmentation, Preprocessing } from "../image/index";
import { Random } from "../random/index";
import { standardizedBytes, tf } from "../tensorflow/index";
import type { Prefetcher } from "./prefetch";
import { rowsAt } from "./rows";

/** The examples of an epoch as positions in the training set. */
export type Sampler = (epoch: number) => Uint32Array;

/** Every example once, in random order. */
export function shuffled(count: number, seed: number): Sampler {
  return (epoch) => new Random(seed, "shuffle", epoch).permutation(count);
}

/** As many examples as the set has, drawn with replacement so that both classes are equally frequent. */
export function balanced(labels: ArrayLike<number>, seed: number): Sampler {
  const byClass: [number[], number[]] = [[], []];
  for (let i = 0; i < labels.length; i++) byClass[labels[i] ? 1 : 0].push(i);
  return (epoch) => {
    const random = new Random(seed, "balanced", epoch);
    return Uint32Array.from({ length: labels.length }, () => random.pick(byClass[random.chance(0.5) ? 1 : 0]));
  };
}

/** A batch for the model; the caller disposes it. */
export interface Batch {
  readonly inputs: tf.Tensor;
  /** [n, 1], 0 to 1. */
  readonly labels: tf.Tensor2D;
}

export interface BatchSource {
  /** Batches per epoch. */
  readonly batches: number;
  /** Examples per epoch. */
  readonly examples: number;
  load(epoch: number, index: number): Batch;
}

/**
 * A set of examples, whose inputs are pixels or coordinates in a subspace. When an epoch draws an example again, the number of
 * examples is added to its position, so that it gets another augmentation: position `p` means the example `p % labels.length`.
 */
export interface Examples {
  readonly labels: ArrayLike<number>;
  /** The inputs of some examples as one tensor. @param epoch seeds the augmentation; undefined for none */
  inputs(positions: Uint32Array, epoch: number | undefined): tf.Tensor;
  /** The inputs in one of the eight views of {@link dihedral}; absent if all views are the same. */
  inView?(positions: Uint32Array, view: number): tf.Tensor;
  /** Announces the next inputs, so that they can be prepared in the background. */
  expect?(positions: Uint32Array, epoch: number | undefined): void;
}

interface BatchOptions {
  readonly size: number;
  /** Default: every example once, in order. */
  readonly sampler?: Sampler;
  /** Draws a new augmentation of each example in every epoch. */
  readonly augment?: boolean;
  /** Shape of the Beta distribution of mixup (Zhang et al. 2018); 0 for none. */
  readonly mixup?: number;
  readonly seed?: number;
  /** All examples in this one of the eight views. */
  readonly view?: number;
  /** Fewest examples of a batch: if fewer are left, they are added to the last one. Default: 1. */
  readonly least?: number;
}

/** Number of examples in the largest batch. */
export function largestBatch(count: number, { size, least = 1 }: Pick<BatchOptions, "size" | "least">): number {
  return Math.min(count, size + least - 1);
}

/** Divides examples into batches; the last one may be smaller or, with {@link BatchOptions.least}, a little larger. */
export function batchesOf(examples: Examples, options: BatchOptions): BatchSource {
  const { size, sampler, augment = false, mixup = 0, seed = 0, view = 0, least = 1 } = options;
  const count = examples.labels.length;
  const inOrder = Uint32Array.from({ length: count }, (_, i) => i);
  const isTooFew = count > size && count % size > 0 && count % size < least;
  const batches = isTooFew ? Math.floor(count / size) : Math.ceil(count / size);
  let order: { epoch: number; positions: Uint32Array } = { epoch: -1, positions: inOrder };
  const positionsAt = (epoch: number, index: number) => {
    if (order.epoch !== epoch) order = { epoch, positions: sampler ? drawn(sampler(epoch), count) : inOrder };
    return order.positions.slice(index * size, index + 1 === batches ? count : (index + 1) * size);
  };
  return {
    batches,
    examples: count,
    load(epoch, index) {
      const positions = positionsAt(epoch, index);
      const values = Float32Array.from(positions, (position) => examples.labels[position % count] as number);
      const batch = {
        inputs:
          view > 0 && examples.inView
            ? examples.inView(positions, view)
            : examples.inputs(positions, augment ? epoch : undefined),
        labels: tf.tensor2d(values, [values.length, 1]),
      };
      if (examples.expect && sampler) {
        const [nextEpoch, nextIndex] = index + 1 < batches ? [epoch, index + 1] : [epoch + 1, 0];
        examples.expect(positionsAt(nextEpoch, nextIndex), augment ? nextEpoch : undefined);
      }
      return mixup > 0 ? mixed(batch, new Random(seed, "mixup", epoch, index), mixup) : batch;
    },
  };
}

/** Adds the number of examples to a position each time that it was drawn before. */
function drawn(positions: Uint32Array, count: number): Uint32Array {
  const times = new Uint32Array(count);
  return positions.map((position) => position + count * times[position]!++);
}

/** Mixes each example with another one of the batch, all with the same share. */
function mixed(batch: Batch, random: Random, alpha: number): Batch {
  const share = beta(random, alpha);
  const partners = tf.tensor1d(Int32Array.from(random.permutation(batch.labels.size)), "int32");
  const mix = <T extends tf.Tensor>(values: T) =>
    tf.tidy(() => tf.add(tf.mul(values, share), tf.mul(tf.gather(values, partners), 1 - share)) as T);
  const result = { inputs: mix(batch.inputs), labels: mix(batch.labels) };
  tf.dispose([batch.inputs, batch.labels, partners]);
  return result;
}

/** A draw from Beta(a, a) as a ratio of two Gamma draws (Marsaglia and Tsang 2000). */
function beta(random: Random, a: number): number {
  const [x, y] = [gamma(random, a), gamma(random, a)];
  return x + y > 0 ? x / (x + y) : 0.5;
}

function gamma(random: Random, a: number): number {
  if (a < 1) return gamma(random, a + 1) * (1 - random.next()) ** (1 / a);
  const d = a - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/**
 * Standardized pixels [n, size, size, 3] from a store. @param positions of the examples in the store
 * @param prefetcher prepares the next batch; it must use the same augmentation
 */
export function pixelExamples(
  store: PixelStore,
  positions: ArrayLike<number>,
  labels: ArrayLike<number>,
  preprocessing: Pick<Preprocessing, "mean" | "std">,
  augmentation?: PixelAugmentation,
  prefetcher?: Prefetcher,
): Examples {
  const { size, bytesPerImage } = store;
  const inStore = (some: Uint32Array) => some.map((i) => positions[i % positions.length] as number);
  const load = (some: Uint32Array, epoch: number | undefined) => {
    const bytes = new Uint8Array(some.length * bytesPerImage);
    store.read(inStore(some), bytes);
    if (augmentation && epoch !== undefined) {
      some.forEach((image, i) => {
        augmentation(bytes.subarray(i * bytesPerImage, (i + 1) * bytesPerImage), size, epoch, image);
      });
    }
    return bytes;
  };
  return {
    labels,
    inputs(some, epoch) {
      const bytes = prefetcher?.take(inStore(some), epoch, some.length * bytesPerImage) ?? load(some, epoch);
      return standardizedTensor(bytes, [some.length, size, size, 3], preprocessing);
    },
    inView(some, view) {
      const bytes = load(some, undefined);
      const turned = new Uint8Array(bytes.length);
      for (let at = 0; at < bytes.length; at += bytesPerImage) {
        const end = at + bytesPerImage;
        dihedral(bytes.subarray(at, end), turned.subarray(at, end), size, view);
      }
      return standardizedTensor(turned, [some.length, size, size, 3], preprocessing);
    },
    ...(prefetcher && {
      expect: (some: Uint32Array, epoch: number | undefined) => prefetcher.ask(inStore(some), some, epoch),
    }),
  };
}

/** (x / 255 - mean) / std for bytes x, computed in TensorFlow. */
export function standardizedTensor(
  bytes: Uint8Array,
  shape: readonly number[],
  { mean, std }: Pick<Preprocessing, "mean" | "std">,
): tf.Tensor {
  const shift = mean.map((m) => 255 * m);
  const scale = std.map((s) => 1 / (255 * s));
  return standardizedBytes(bytes, shape, shift, scale);
}

/** Precomputed vectors in memory: one per example, or one for each of its eight views. */
export function featureExamples(
  views: readonly Float32Array[],
  width: number,
  labels: ArrayLike<number>,
  seed: number,
): Examples {
  const gathered = (some: Uint32Array, viewOf: () => number) => {
    const values = new Float32Array(some.length * width);
    some.forEach((image, i) => {
      const view = views[viewOf()] as Float32Array;
      const from = (image % labels.length) * width;
      values.set(view.subarray(from, from + width), i * width);
    });
    return tf.tensor2d(values, [some.length, width]);
  };
  return {
    labels,
    inputs(some, epoch) {
      const random = epoch === undefined ? undefined : new Random(seed, "view", epoch, some[0] ?? 0);
      return gathered(some, () => random?.integer(views.length) ?? 0);
    },
    ...(views.length > 1 && { inView: (some: Uint32Array, view: number) => gathered(some, () => view) }),
  };
}

/** Vectors [n, width] with additional columns that are the same in all views. @param columns [examples, k] row-major */
export function withColumns(vectors: Examples, width: number, columns: Float32Array): Examples {
  const extra = columns.length / vectors.labels.length;
  const append = (inputs: tf.Tensor, some: Uint32Array) => {
    const own = some.map((image) => image % vectors.labels.length);
    const more = tf.tensor2d(rowsAt(columns, extra, own), [some.length, extra]);
    return tf.concat([tf.reshape(inputs, [some.length, width]), more], 1);
  };
  const { inView } = vectors;
  return {
    labels: vectors.labels,
    inputs: (some, epoch) => tf.tidy(() => append(vectors.inputs(some, epoch), some)),
    ...(inView && { inView: (some: Uint32Array, view: number) => tf.tidy(() => append(inView(some, view), some)) }),
  };
}
