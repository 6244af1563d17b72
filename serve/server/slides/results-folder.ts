/** @module The folder for the results of a server's slides. */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryLock } from "../../../src/files/index";

const PREFIX = "histo-slides-";
/** A folder without a sign of life for this long is left from a server that was killed. */
const SILENT_MS = 60_000;

/** A folder that no other server removes. */
export interface ResultsFolder {
  readonly path: string;
  /** Removes the folder. */
  remove(): Promise<void>;
}

/**
 * Makes the folder of this server, and removes those of servers that were killed. A process id does not tell them apart: in a
 * container, every server has the same.
 */
export async function makeResultsFolder(): Promise<ResultsFolder> {
  const path = await mkdtemp(join(tmpdir(), PREFIX));
  const { release } = await lock(path);
  for (const name of await readdir(tmpdir())) {
    const other = join(tmpdir(), name);
    // It may belong to another user, or be gone.
    if (name.startsWith(PREFIX) && other !== path) await removeLeft(other).catch(() => undefined);
  }
  return {
    path,
    async remove() {
      release?.();
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function removeLeft(folder: string): Promise<void> {
  // A new one may not be locked yet.
  if (Date.now() - (await stat(folder)).mtimeMs < SILENT_MS) return;
  const { release } = await lock(folder);
  if (!release) return;
  await rm(folder, { recursive: true, force: true });
  release();
}

function lock(folder: string) {
  return tryLock(join(folder, "server"), { silentMs: SILENT_MS });
}
