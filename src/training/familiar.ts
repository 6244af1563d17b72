/** @module The appearance of a run's tiles, measured once per data set and split. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { spreadOver } from "../collections/index";
import type { Partition } from "../dataset/index";
import { type Familiarity, fitFamiliarity, looksAt } from "../familiar/index";
import { cacheDirectory, readJson, sha256, writeJson } from "../files/index";
import { measureShifts, type Shifts } from "../shift/index";
import type { TrainingData } from "./data";

/** At most this many tiles are measured, spread evenly over the set. */
const MOST: Readonly<Record<"train" | "validation", number>> = { train: 1000, validation: 500 };
/** Increase this when the measures change. */
const VERSION = 6;

/** The training tiles' familiarity, calibrated on the validation tiles and on the training tiles themselves. */
export async function familiarityOf({ store, positions, groups }: TrainingData): Promise<Familiarity> {
  const of = (partition: Partition & keyof typeof MOST) => spreadOver(positions[partition], MOST[partition]);
  const [train, held] = [of("train"), of("validation")];
  const own = groups && Uint32Array.from(spreadOver(groups, MOST.train));
  const basis = [store.contentHash, train, held, own && [...own]];
  return cached("familiar", basis, () => fitFamiliarity(looksAt(store, train), looksAt(store, held), own));
}

/** How the validation and test tiles differ from the training tiles. */
export async function shiftsOf({ store, dataset: { tiles } }: TrainingData): Promise<Shifts> {
  const basis = [store.contentHash, tiles.map(({ name, partition, group }) => [name, partition, group])];
  return cached("shift", basis, () => measureShifts(tiles, store));
}

/** A value from the cache, computed if it is missing. @param basis everything that it depends on */
async function cached<T extends object>(name: string, basis: readonly unknown[], compute: () => T): Promise<T> {
  const path = join(cacheDirectory(), "familiar", `${name}-${sha256(JSON.stringify([VERSION, ...basis]))}.json`);
  // As with other caches, what cannot be read is computed again.
  const stored = existsSync(path) ? await readJson<T>(path).catch(() => undefined) : undefined;
  if (stored) return stored;
  const found = compute();
  // The run has the value even if the cache's disk is full, and is not lost in its last second.
  await writeJson(path, found).catch(() => undefined);
  return found;
}
