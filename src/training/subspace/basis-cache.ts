/** @module Bases on disk, under a name made of everything that they depend on. */
import { join } from "node:path";
import { cacheDirectory, SafetensorsFile, sha256, writeSafetensors } from "../../files/index";
import type { TrainingOptions } from "../../runs/index";
import type { TrainingData } from "../data";
import { type Basis, type BasisOptions, principalBasis } from "./basis";
import type { SymmetryClass } from "./symmetry";

/** Raise when the method changes. */
const VERSION = 1;

/** The basis of a run's training images: from the cache, or found and kept there. */
export async function cachedBasis(
  data: TrainingData,
  options: Pick<TrainingOptions, "rank">,
  context: Pick<BasisOptions, "progress" | "signal">,
): Promise<Basis> {
  const { store, positions, preprocessing } = data;
  const key = sha256(
    JSON.stringify([
      VERSION,
      store.contentHash,
      [...positions.train],
      preprocessing.mean,
      preprocessing.std,
      options.rank,
    ]),
  );
  const path = join(cacheDirectory(), "subspace", `${key.slice(0, 32)}.safetensors`);
  const kept = await readBasis(path).catch(() => undefined);
  if (kept) return kept;
  const basis = await principalBasis(store, positions.train, preprocessing, {
    rank: options.rank,
    seed: 0,
    ...context,
  });
  await writeBasis(path, basis);
  return basis;
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

async function readBasis(path: string): Promise<Basis> {
  const file = await SafetensorsFile.open(path);
  try {
    const classes = (file.metadata.classes ?? "").split(",") as SymmetryClass[];
    return {
      size: Number(file.metadata.size),
      rank: classes.length,
      directions: await file.read("directions"),
      mean: await file.read("mean"),
      variances: await file.read("variances"),
      classes,
      totalVariance: Number(file.metadata.totalVariance),
    };
  } finally {
    await file.close();
  }
}
