/** @module Small JSON files of the spool, replaced atomically but without fsync. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";

let serial = 0;

/** The value of a file; undefined if it is missing or incomplete. */
export async function loadJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Replaces a file (readable by its owner only); `undefined` removes it. */
export async function saveJson(path: string, value: unknown): Promise<void> {
  if (value === undefined) return rm(path, { force: true });
  const temporary = `${path}.tmp-${process.pid}-${serial++}`;
  try {
    await writeFile(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
