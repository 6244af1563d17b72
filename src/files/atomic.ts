/** @module Files that appear whole or not at all: temporary name, fsync, rename, fsync of the directory. */
import { randomUUID } from "node:crypto";
import { type FileHandle, link, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hasErrorCode } from "../errors/index";
import { makeDirectory } from "./directory";
import { isAlive } from "./lock.cjs";

let serial = 0;

/** A file being written under a temporary name. Nothing shows under the final name before {@link AtomicFile.commit}. */
export class AtomicFile {
  private constructor(
    readonly path: string,
    private readonly temporaryPath: string,
    /** The open file; write to it freely. */
    readonly handle: FileHandle,
  ) {}

  /** Opens a temporary file beside `path`, making the directory where it is missing. */
  static async create(path: string): Promise<AtomicFile> {
    await makeDirectory(dirname(path));
    const temporaryPath = `${path}.tmp-${process.pid}-${serial++}`;
    return new AtomicFile(path, temporaryPath, await open(temporaryPath, "w"));
  }

  /** Makes the content durable and gives it its final name, replacing what was there. */
  async commit(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await rename(this.temporaryPath, this.path);
    await syncDirectory(dirname(this.path));
  }

  /** Throws the content away. Safe to call after a failed write. */
  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.temporaryPath, { force: true });
  }
}

/** How long a file must not have been written to before it counts as abandoned, in milliseconds. */
const ABANDONED_AFTER = 10_000;

/**
 * Removes the temporary files of `path` that killed processes left behind. A file is left alone while its process lives, or
 * while it still grows: the process may be one of another machine or container.
 */
export async function removeAbandoned(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    const owner = name.startsWith(`${basename(path)}.tmp-`) ? /\.tmp-(\d+)-\d+$/.exec(name)?.[1] : undefined;
    if (owner === undefined || isAlive(Number(owner))) continue;
    const file = join(dirname(path), name);
    const info = await stat(file).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > ABANDONED_AFTER) await rm(file, { force: true });
  }
}

/** Runs `write` on a new file that gets its name `path` only when `write` succeeds. */
export async function writeAtomically(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    await write(file.handle);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** Replaces `path` by `content` in one step: a reader sees the old content or the new one, never a part. */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await writeAtomically(path, (handle) => handle.writeFile(content));
}

/**
 * Gives `path` the content that `write` puts under the name it gets, unless somebody was quicker: the first one stays. For
 * files that several machines may make at the same time and must agree on; they read it back afterwards.
 */
export async function writeOnce(path: string, write: (ownPath: string) => Promise<void>): Promise<void> {
  const own = `${path}.own-${randomUUID()}`;
  await makeDirectory(dirname(path));
  try {
    await write(own);
    await link(own, path);
  } catch (error) {
    if (!hasErrorCode(error, "EEXIST")) throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Writes a value as readable JSON, atomically. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Makes renames and new names in a directory durable. Directories cannot be opened on Windows; there it does nothing. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
