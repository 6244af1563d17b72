/** @module What a run's training tiles looked like, for the model to take along; measured once for a data set and split. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Partition } from "../dataset/index";
import { evenly, type Familiarity, fitFamiliarity, looksAt } from "../familiar/index";
import { cacheDirectory, readJson, sha256, writeJson } from "../files/index";
import type { TrainingData } from "./data";

/** Tiles that are looked at, at most; they are spread evenly over the set. */
const MOST: Readonly<Record<"train" | "validation", number>> = { train: 1000, validation: 500 };
/** Raise when the measures change. */
const VERSION = 2;

/** The training tiles' familiarity, calibrated on the validation tiles. */
export async function familiarityOf({ store, positions }: TrainingData): Promise<Familiarity> {
  const of = (partition: Partition & keyof typeof MOST) => evenly(positions[partition], MOST[partition]);
  const [train, held] = [of("train"), of("validation")];
  const key = sha256(JSON.stringify([VERSION, store.contentHash, train, held]));
  const path = join(cacheDirectory(), "familiar", `${key}.json`);
  if (existsSync(path)) return readJson<Familiarity>(path);
  const familiarity = fitFamiliarity(looksAt(store, train), looksAt(store, held));
  await writeJson(path, familiarity);
  return familiarity;
}
