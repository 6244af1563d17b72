/**
 * @module A principal basis of all eight views of the training images, by randomized subspace iteration (Halko, Martinsson and
 * Tropp 2011) in each symmetry class. Memory depends on the rank, not on the number of images.
 */
import { setImmediate } from "node:timers/promises";
import type { PixelStore } from "../../dataset/index";
import { InputError } from "../../errors/index";
import { counted, percent } from "../../format/index";
import type { Preprocessing } from "../../image/index";
import type { Progress } from "../../progress/index";
import { attribute, callOps, statelessUniform, tf, withPrecision } from "../../tensorflow/index";
import { standardizedTensor } from "../batches";
import { join, quarterOf, type SymmetryClass, split, symmetryClasses } from "./symmetry";

/** Orthonormal directions in pixel space, in order of decreasing variance. */
export interface Basis {
  readonly size: number;
  readonly rank: number;
  /** [size * size * 3, rank], row-major. */
  readonly directions: Float32Array;
  /** Mean of all views in these directions, [rank]. */
  readonly mean: Float32Array;
  /** Variance in each direction, [rank]. */
  readonly variances: Float32Array;
  readonly classes: readonly SymmetryClass[];
  /** Summed over all pixels. */
  readonly totalVariance: number;
}

interface BasisOptions {
  readonly rank: number;
  readonly seed: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Passes over the images before the last one. */
  readonly iterations?: number;
}

type PerClass<T> = Record<SymmetryClass, T>;

const BATCH = 64;
/**
 * Variances below this share of the largest one, or below this number, are rounding errors: the images vary in fewer directions. One
 * level of one pixel in one of 10,000 images is more.
 */
const [NEGLIGIBLE, ROUNDING] = [1e-6, 1e-8];

/** One pass over the images: calls `work`, in a tidy, with the classes' parts of each batch. */
type Pass = (work: (parts: PerClass<tf.Tensor2D>) => void) => Promise<void>;

/** Computes the basis of the images at `positions`. @throws {InputError} `SUBSPACE_EMPTY` if the images do not differ */
export async function principalBasis(
  store: PixelStore,
  positions: Uint32Array,
  preprocessing: Pick<Preprocessing, "mean" | "std">,
  { rank, seed, progress, signal, iterations = 3 }: BasisOptions,
): Promise<Basis> {
  const { size } = store;
  const count = positions.length;
  const task = progress.start("Principal subspace", (iterations + 2) * count, "images");
  let done = 0;
  const pass = passOver(store, positions, preprocessing, (images) => {
    done += images;
    task.update(done);
    signal?.throwIfAborted();
  });
  const center = await centerOf(pass, count);
  const centred: Pass = (work) => pass((parts) => work({ ...parts, A1: tf.sub(parts.A1, center) }));
  let directions = perClass((symmetry) => randomDirections(widthOf(symmetry, rank, count, size), size, seed, symmetry));
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      const next = await iterated(centred, directions);
      tf.dispose(directions);
      directions = next;
    }
    const { covariances, totalVariance } = await covariancesOf(centred, directions, count);
    const basis = tidied(() => assemble(directions, covariances, center, { rank, size, count, totalVariance }));
    tf.dispose(covariances);
    const explained = basis.variances.reduce((a, b) => a + b, 0) / totalVariance;
    task.finish(`${counted(basis.rank, "dimension")} hold ${percent(explained)} of the variance`);
    return basis;
  } finally {
    tf.dispose([directions, center]);
  }
}

/** @param onBatch called after each batch with its number of images. May throw to stop */
function passOver(
  store: PixelStore,
  positions: Uint32Array,
  preprocessing: Pick<Preprocessing, "mean" | "std">,
  onBatch: (images: number) => void,
): Pass {
  const { size, bytesPerImage } = store;
  return async (work) => {
    for (let start = 0; start < positions.length; start += BATCH) {
      const some = positions.subarray(start, start + BATCH);
      tf.tidy(() => {
        const bytes = new Uint8Array(some.length * bytesPerImage);
        store.read(some, bytes);
        const images = standardizedTensor(bytes, [some.length, size, size, 3], preprocessing) as tf.Tensor4D;
        work(split(images));
      });
      await setImmediate(); // lets Ctrl-C through
      onBatch(some.length);
    }
  };
}

/** Sums tensors over a pass. The caller disposes them. @param of called in a tidy, with the parts of a batch */
async function summed<Key extends string>(
  pass: Pass,
  of: (parts: PerClass<tf.Tensor2D>) => Record<Key, tf.Tensor>,
): Promise<Record<Key, tf.Tensor2D>> {
  const sums = new Map<string, tf.Tensor>();
  try {
    await pass((parts) => {
      for (const [key, value] of Object.entries<tf.Tensor>(of(parts))) {
        const before = sums.get(key);
        sums.set(key, tf.keep(before ? tf.add(before, value) : value));
        before?.dispose();
      }
    });
  } catch (error) {
    tf.dispose([...sums.values()]);
    throw error;
  }
  return Object.fromEntries(sums) as Record<Key, tf.Tensor2D>;
}

/** The mean image, which lies in A1: all views together are symmetric. */
async function centerOf(pass: Pass, count: number): Promise<tf.Tensor2D> {
  const { sum } = await summed(pass, ({ A1 }) => ({ sum: tf.sum(A1, 0, true) }));
  const center = tf.div(sum, count) as tf.Tensor2D;
  sum.dispose();
  return center;
}

/** The directions times the images' covariance, made orthonormal: closer to the principal ones. */
async function iterated(pass: Pass, directions: PerClass<tf.Tensor2D>): Promise<PerClass<tf.Tensor2D>> {
  const products = await summed(pass, (parts) =>
    withPrecision("bf16", () =>
      perClass((symmetry) => {
        const y = parts[symmetry];
        return tf.matMul(y, tf.matMul(y, directions[symmetry]), true, false);
      }),
    ),
  );
  const next = perClass((symmetry) => orthonormal(products[symmetry]));
  tf.dispose(products);
  return next;
}

/** The summed squares and products of the coordinates in each class, and the variance of all pixels together. */
async function covariancesOf(pass: Pass, directions: PerClass<tf.Tensor2D>, count: number) {
  let totalVariance = 0;
  const covariances = await summed(pass, (parts) =>
    perClass((symmetry) => {
      totalVariance += (tf.sum(tf.square(parts[symmetry])).dataSync()[0] as number) / count;
      const z = tf.matMul(parts[symmetry], directions[symmetry]);
      return tf.matMul(z, z, true, false);
    }),
  );
  return { covariances, totalVariance };
}

/** Rotates each class to its principal directions, merges the classes by variance and maps them to pixel space. */
function assemble(
  directions: PerClass<tf.Tensor2D>,
  covariances: PerClass<tf.Tensor>,
  center: tf.Tensor2D,
  { rank, size, count, totalVariance }: { rank: number; size: number; count: number; totalVariance: number },
): Basis {
  const rotated = {} as PerClass<tf.Tensor2D>;
  const candidates: { symmetry: SymmetryClass; column: number; variance: number }[] = [];
  for (const symmetry of symmetryClasses) {
    const copies = symmetry === "E" ? 2 : 1;
    const flags = [attribute.flag("compute_v", true), attribute.float32("T")];
    const [values, vectors] = callOps("SelfAdjointEigV2", flags, [covariances[symmetry]], 2) as [
      tf.Tensor,
      tf.Tensor2D,
    ];
    rotated[symmetry] = oriented(tf.matMul(directions[symmetry], vectors));
    values.dataSync().forEach((value, column) => {
      candidates.push({ symmetry, column, variance: Math.max(0, value) / (count * copies) });
    });
  }
  candidates.sort((a, b) => b.variance - a.variance);
  const least = Math.max(ROUNDING, NEGLIGIBLE * (candidates[0]?.variance ?? 0));
  const chosen: typeof candidates = [];
  let free = rank;
  for (const candidate of candidates) {
    const needs = candidate.symmetry === "E" ? 2 : 1;
    if (needs > free || candidate.variance <= least) continue;
    free -= needs;
    chosen.push(candidate);
  }
  if (chosen.length === 0) {
    const message =
      "--stem subspace: the training images do not differ; check them with histo eda, or leave --stem out.";
    throw new InputError("SUBSPACE_EMPTY", message);
  }
  const images: tf.Tensor2D[] = [];
  const classes: SymmetryClass[] = [];
  const variances: number[] = [];
  for (const { symmetry, column, variance } of chosen) {
    const quarter = tf.transpose(tf.slice(rotated[symmetry], [0, column], [-1, 1])) as tf.Tensor2D;
    for (const second of symmetry === "E" ? [false, true] : [false]) {
      images.push(join(quarter, symmetry, size, second));
      classes.push(symmetry);
      variances.push(variance);
    }
  }
  const matrix = tf.concat(images);
  const mean = tf.matMul(matrix, join(center, "A1", size), false, true);
  return {
    size,
    rank: classes.length,
    directions: tf.transpose(matrix).dataSync() as Float32Array,
    mean: mean.dataSync() as Float32Array,
    variances: Float32Array.from(variances),
    classes,
    totalVariance,
  };
}

/**
 * Flips columns towards one fixed random vector. Both signs of a principal direction are valid; without this, rounding would
 * choose the sign, and networks on the coordinates would start differently on each kind of processor.
 */
function oriented(columns: tf.Tensor2D): tf.Tensor2D {
  const reference = tf.sub(statelessUniform([1, columns.shape[0]], 0, symmetryClasses.length), 0.5) as tf.Tensor2D;
  const towards = tf.cast(tf.greaterEqual(tf.matMul(reference, columns), 0), "float32");
  return tf.mul(columns, tf.sub(tf.mul(towards, 2), 1));
}

/** Number of directions to iterate in a class: about twice its share of the rank, and a few more. */
function widthOf(symmetry: SymmetryClass, rank: number, count: number, size: number): number {
  const wanted = Math.ceil(rank / 2) + 16;
  const vectors = symmetry === "E" ? 2 * count : count;
  const h = quarterOf(size);
  const dimensions = symmetry === "E" ? h * h * 3 : Math.max(1, Math.floor((h * (h - 1)) / 2) * 3);
  return Math.max(1, Math.min(wanted, vectors, dimensions));
}

/** Random initial directions within a class: symmetric or antisymmetric when rows and columns are swapped. */
function randomDirections(width: number, size: number, seed: number, symmetry: SymmetryClass): tf.Tensor2D {
  const h = quarterOf(size);
  return tf.tidy(() => {
    const noise = tf.sub(statelessUniform([h * h * 3, width], seed, symmetryClasses.indexOf(symmetry)), 0.5);
    if (symmetry === "E") return orthonormal(noise as tf.Tensor2D);
    const square = tf.reshape(noise, [h, h, 3 * width]);
    const sign = symmetry === "A1" || symmetry === "B2" ? 1 : -1;
    const sided = tf.add(square, tf.mul(tf.transpose(square, [1, 0, 2]), sign));
    return orthonormal(tf.reshape(sided, [h * h * 3, width]) as tf.Tensor2D);
  });
}

function orthonormal(columns: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(
    () => callOps("Qr", [attribute.float32("T"), attribute.flag("full_matrices", false)], [columns], 2)[0]!,
  ) as tf.Tensor2D;
}

/** Like `tf.tidy`, for results without tensors. */
function tidied<T>(work: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = work();
  });
  return result as T;
}

function perClass<T>(make: (symmetry: SymmetryClass) => T): PerClass<T> {
  return Object.fromEntries(symmetryClasses.map((symmetry) => [symmetry, make(symmetry)])) as PerClass<T>;
}
