/** @module Bases on disk, each under a hash of everything that it depends on. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../errors/index";
import { bytesOf, cacheDirectory, SafetensorsFile, sha256, writeOnce, writeSafetensors } from "../../files/index";
import type { TrainingOptions } from "../../options/index";
import type { TrainingData } from "../data";
import { kept } from "../kept";
import type { TaskContext } from "../training-task";
import { type Basis, principalBasis } from "./basis";
import type { SymmetryClass } from "./symmetry";

/** Increase this when the method changes. */
const VERSION = 2;
/** Rows of a basis in its fingerprint. */
const FINGERPRINT_ROWS = 256;

/** The folder for bases and coordinates. */
export function subspaceDirectoryOf({ subspaceDirectory }: Pick<TaskContext, "subspaceDirectory">): string {
  return subspaceDirectory ?? join(cacheDirectory(), "subspace");
}

/** The basis of a run's training images, from the cache or computed. */
export async function cachedBasis(
  data: TrainingData,
  options: Pick<TrainingOptions, "rank">,
  context: TaskContext,
): Promise<Basis> {
  const { store, positions, preprocessing } = data;
  const { mean, std } = preprocessing;
  const key = sha256(JSON.stringify([VERSION, store.contentHash, [...positions.train], mean, std, options.rank]));
  return storedBasis(`${key.slice(0, 32)}.safetensors`, data, options, context);
}

async function storedBasis(
  name: string,
  data: TrainingData,
  options: Pick<TrainingOptions, "rank">,
  { subspaceDirectory, ...context }: TaskContext,
): Promise<Basis> {
  const path = join(subspaceDirectory ?? join(cacheDirectory(), "subspace"), name);
  const stored = await readBasis(path).catch((error: unknown) => removeDamaged(path, error));
  if (stored) return stored;
  if (subspaceDirectory) {
    // A trial that continues on another machine needs this very one, so that it must be written.
    const basis = await storedBasis(name, data, options, context);
    await writeOnce(path, (own) => writeBasis(own, basis));
    return readBasis(path);
  }
  const { store, positions, preprocessing } = data;
  const basis = await principalBasis(store, positions.train, preprocessing, {
    ...context,
    rank: options.rank,
    seed: 0,
  });
  const write = () => writeOnce(path, (own) => writeBasis(own, basis));
  // Two machines may compute it at once, with different signs. Both then use the stored one.
  return (await kept("principal directions", write, context.progress)) ? readBasis(path) : basis;
}

/** Distinguishes bases of the same images: on another machine, directions may differ in sign, which makes weights useless. */
export function fingerprintOf({ rank, directions, mean, variances }: Basis): string {
  const rows = directions.length / rank;
  const step = Math.max(1, Math.floor(rows / FINGERPRINT_ROWS));
  const parts = [mean, variances];
  for (let row = 0; row < rows; row += step) parts.push(directions.subarray(row * rank, (row + 1) * rank));
  return sha256(Buffer.concat(parts.map(bytesOf)));
}

/**
 * Removes a file that cannot be read. A missing one is left alone: another process may just have written it. One that cannot be
 * removed is no reason to end: writing it again tells the user.
 */
export async function removeDamaged(path: string, error: unknown): Promise<undefined> {
  if (!(error instanceof InputError && error.code === "FILE_MISSING")) {
    await rm(path, { force: true }).catch(() => undefined);
  }
  return undefined;
}

/** Reads a tensor of a file of the cache. @throws {InputError} `TENSORS_UNREADABLE` if it has another number of values */
export async function readWhole(file: SafetensorsFile, name: string, count: number): Promise<Float32Array> {
  const values = await file.read(name);
  if (values.length === count) return values;
  throw new InputError("TENSORS_UNREADABLE", `${file.path} has ${values.length} values of ${name}, not ${count}.`);
}

async function writeBasis(path: string, basis: Basis): Promise<void> {
  const { size, rank, directions, mean, variances, classes, totalVariance } = basis;
  await writeSafetensors(
    path,
    [
      { name: "directions", shape: [size * size * 3, rank], data: () => directions },
      { name: "mean", shape: [rank], data: () => mean },
      { name: "variances", shape: [rank], data: () => variances },
    ],
    { size: String(size), classes: classes.join(), totalVariance: String(totalVariance) },
  );
}

function readBasis(path: string): Promise<Basis> {
  return SafetensorsFile.reading(path, async (file) => {
    const classes = (file.metadata.classes ?? "").split(",") as SymmetryClass[];
    const [rank, size] = [classes.length, Number(file.metadata.size)];
    return {
      size,
      rank,
      directions: await readWhole(file, "directions", size ** 2 * 3 * rank),
      mean: await readWhole(file, "mean", rank),
      variances: await readWhole(file, "variances", rank),
      classes,
      totalVariance: Number(file.metadata.totalVariance),
    };
  });
}
