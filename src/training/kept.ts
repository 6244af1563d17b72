/** @module Values that are kept on disk for later runs. Where they cannot be, such as on a full disk, this run goes on with what it has. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { hasErrorCode, messageOf } from "../errors/index";
import { cacheDirectory, readJson, sha256, writeJson } from "../files/index";
import type { Progress } from "../progress/index";

/**
 * Writes a value that a later run could compute again. A failure costs that run time, but not this one its work.
 * @param what the values in words, in the plural @returns whether it was written; otherwise the user has been told
 */
export async function kept(what: string, write: () => Promise<void>, progress: Progress): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    const why = hasErrorCode(error, "ENOSPC", "EDQUOT") ? "the disk is full" : messageOf(error);
    progress.say(`Warning: ${what} could not be kept for later runs, which will compute them again (${why}).`);
    return false;
  }
}

/** A file of the cache. */
interface Stored<T> {
  readonly sha256: string;
  readonly value: T;
}

const hashOf = (value: object) => sha256(JSON.stringify(value));

/**
 * A value from the cache, computed if it is missing. A cache that takes nothing is not worth a word.
 * @param folder in the cache @param basis everything that the value depends on, with a number for the method
 */
export async function cached<T extends object>(
  folder: string,
  basis: readonly unknown[],
  compute: () => T | Promise<T>,
): Promise<T> {
  const path = join(cacheDirectory(), folder, `${sha256(JSON.stringify(basis))}.json`);
  // As with other caches, what is damaged is computed again.
  const stored = existsSync(path) ? await readJson<Partial<Stored<T>> | null>(path).catch(() => undefined) : undefined;
  if (stored?.value && stored.sha256 === hashOf(stored.value)) return stored.value;
  const value = await compute();
  await writeJson(path, { sha256: hashOf(value), value } satisfies Stored<T>).catch(() => undefined);
  return value;
}
