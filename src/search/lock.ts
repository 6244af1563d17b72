/** @module One process at a time in a directory. */
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { hasErrorCode, InputError } from "../errors/index";
import { isAlive } from "../files/index";

/** Locks of this process. A file that names this process and is not among them is left from an earlier one with its id. */
const held = new Set<string>();

/**
 * Takes the lock file for this process; one whose process has ended is taken over.
 * @returns a function that gives it back
 * @throws {InputError} `SEARCH_RUNNING` where another process holds it
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const own = `${path}.${process.pid}`;
  await writeFile(own, String(process.pid));
  try {
    for (;;) {
      try {
        await link(own, path);
        held.add(path);
        return async () => {
          held.delete(path);
          await rm(path, { force: true });
        };
      } catch (error) {
        if (!hasErrorCode(error, "EEXIST")) throw error;
      }
      const holder = Number(await readFile(path, "utf8").catch(() => ""));
      if (holder === process.pid ? held.has(path) : holder && isAlive(holder)) {
        throw new InputError("SEARCH_RUNNING", `${path}: process ${holder} is at work on this search.`);
      }
      await rm(path, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}
