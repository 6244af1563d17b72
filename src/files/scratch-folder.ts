/** @module Folders for temporary files, which a later process removes if theirs was killed. */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryLock } from "./lock.cjs";

/** A folder without a sign of life for this long is left from a process that was killed. */
const SILENT_MS = 60_000;

/** A folder that no other process removes. */
export interface ScratchFolder {
  readonly path: string;
  /** Removes the folder. */
  remove(): Promise<void>;
}

/**
 * Makes a folder for temporary files, and removes those of the same prefix whose processes were killed. A process id does not tell
 * them apart: in a container, every server has the same.
 */
export async function makeScratchFolder(prefix: string): Promise<ScratchFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  const { release } = await lock(path);
  for (const name of await readdir(tmpdir())) {
    const other = join(tmpdir(), name);
    // It may belong to another user, or be gone.
    if (name.startsWith(prefix) && other !== path) await removeLeft(other).catch(() => undefined);
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
  // The name that the locks of earlier servers have.
  return tryLock(join(folder, "server"), { silentMs: SILENT_MS });
}
