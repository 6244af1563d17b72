/** @module The settings of a search, in `search.json`, so that the same command continues the same search. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type DatasetOptions, LATEST_READING, type Reading } from "../dataset/index";
import { InputError } from "../errors/index";
import { makeOutputFolder, readJson, writeJson } from "../files/index";
import type { Halving } from "./halving";
import type { SamplerName } from "./samplers";
import type { Space } from "./space";

/** What identifies a search. The numbers of trials and workers may change. */
export interface SearchSettings {
  /** Absolute path. */
  readonly data: string;
  readonly dataset: DatasetOptions;
  readonly space: Space;
  readonly objective: string;
  readonly sampler: SamplerName;
  readonly seed: number;
  readonly halving: Halving | null;
  /** How the data set is read: trials are compared on the same images. Missing in searches of earlier versions: 1. */
  readonly reading?: Reading;
}

/** Writes the settings of a new search, or checks them. @returns how its trials read the data set @throws {InputError} `SEARCH_OTHER` */
export async function checkSettings(directory: string, settings: SearchSettings): Promise<Reading> {
  const path = join(directory, "search.json");
  const plain = JSON.parse(JSON.stringify(settings)) as SearchSettings;
  if (!existsSync(path)) {
    await makeOutputFolder("--run", directory);
    await writeJson(path, { ...plain, reading: LATEST_READING } satisfies SearchSettings);
    return LATEST_READING;
  }
  const before = await readJson<SearchSettings>(path);
  const changed = (Object.keys(plain) as (keyof SearchSettings)[]).filter(
    (key) => !isDeepStrictEqual(plain[key], before[key]),
  );
  if (changed.length === 0) return before.reading ?? 1;
  const message = `--run ${directory} holds a search with another ${changed.join(", ")}; choose another directory, or repeat its options to continue it.`;
  throw new InputError("SEARCH_OTHER", message);
}
