/** @module Complete writes: files under a temporary name, synced and renamed, and all bytes of a buffer. */
import { randomInt, randomUUID } from "node:crypto";
import { writeFile as callbackWriteFile, existsSync } from "node:fs";
import { type FileHandle, link, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { hasErrorCode } from "../errors/index";
import { isStream, makeDirectory } from "./directory";
import { isAlive } from "./lock.cjs";
import { behindLinks, descriptorOf, shortName } from "./named-file";

/** Begins anywhere: in containers, processes that share a folder often have the same id. */
let serial = randomInt(2 ** 40);
/** The temporary files of this process. Others with its id are from another container, or from an earlier process. */
const own = new Set<string>();

/** A name next to `path` that no other process uses; {@link removeAbandoned} knows the process by it. */
function nameBeside(path: string, kind: "tmp" | "old"): string {
  return join(dirname(path), `${baseOf(path)}.${kind}-${process.pid}-${serial++}`);
}

/** Longest that {@link nameBeside} adds, with the largest numbers of 7 and 16 digits. */
const ADDED = ".tmp-4194304-9007199254740991".length;

/** The name of a file as temporary names begin with it. */
function baseOf(path: string): string {
  return shortName(basename(path), ADDED);
}

/** A file that is written under a temporary name and gets its final name by {@link AtomicFile.commit}. */
export class AtomicFile {
  private constructor(
    readonly path: string,
    private readonly temporaryPath: string,
    /** The open file to write to. */
    readonly handle: FileHandle,
  ) {}

  /** Opens a temporary file next to `path`; makes the directory if it is missing. */
  static async create(path: string): Promise<AtomicFile> {
    await makeDirectory(dirname(path));
    const temporaryPath = nameBeside(path, "tmp");
    const file = new AtomicFile(path, temporaryPath, await open(temporaryPath, "wx"));
    own.add(temporaryPath);
    return file;
  }

  /** Syncs the content to disk and renames the file to its final name, which replaces an old file. */
  async commit(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await rename(this.temporaryPath, this.path);
    own.delete(this.temporaryPath);
    await syncDirectory(dirname(this.path));
  }

  /** Deletes the temporary file. Safe to call after a failed write. */
  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.temporaryPath, { force: true });
    own.delete(this.temporaryPath);
  }
}

/** What {@link nameBeside} adds; versions before gave folders no number. */
const OWNED = /^\.(?:tmp|old)-(\d+)(?:-\d+)?$/;
/** Time without a write after which a file or folder counts as abandoned, in milliseconds. Writes to its files do not show on a folder. */
const ABANDONED_AFTER = { file: 10_000, folder: 24 * 3600 * 1000 } as const;

/**
 * Removes the temporary files and folders of `path` that killed processes have left. Keeps one while its process lives or it still
 * grows: the process can be on another machine or in another container.
 */
export async function removeAbandoned(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => []);
  const base = baseOf(path);
  for (const name of names) {
    const owner = name.startsWith(base) ? OWNED.exec(name.slice(base.length))?.[1] : undefined;
    const file = join(dirname(path), name);
    if (owner === undefined || own.has(file) || (Number(owner) !== process.pid && isAlive(Number(owner)))) continue;
    const info = await stat(file).catch(() => undefined);
    const least = ABANDONED_AFTER[info?.isDirectory() ? "folder" : "file"];
    if (info && Date.now() - info.mtimeMs > least) await rm(file, { recursive: true, force: true });
  }
}

/** Runs `write` on a new file, which gets the name `path` only if `write` succeeds. */
export async function writeAtomically(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    const written = write(file.handle).then(() => file.commit());
    await namingFile(path, written);
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** Adds the path to errors of the system that have none, such as `ENOSPC: no space left on device, write`. */
async function namingFile<T>(path: string, writing: Promise<T>): Promise<T> {
  return writing.catch((error: unknown) => {
    if (hasErrorCode(error, "ENOSPC", "EDQUOT", "EFBIG", "EIO") && error.path === undefined) {
      error.path = path;
      error.message += ` '${path}'`;
    }
    throw error;
  });
}

/**
 * Replaces the content of `path` in one step: readers see the old or the new content, never a part. A link stays a link. A pipe, a
 * device, or an open file such as `/dev/stdout` is written to where it is.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const descriptor = await descriptorOf(path);
  if (descriptor !== undefined) return writeToDescriptor(descriptor, content);
  if (await isStream(path)) return namingFile(path, writeFile(path, content));
  await writeAtomically(await behindLinks(path), (handle) => handle.writeFile(content));
}

const writeFileTo = promisify(callbackWriteFile);

/** Writes at the place where an open file is. */
async function writeToDescriptor(descriptor: number, content: string | Uint8Array): Promise<void> {
  const stream = descriptor === 1 ? process.stdout : descriptor === 2 ? process.stderr : undefined;
  if (!stream) return writeFileTo(descriptor, content);
  await new Promise<void>((resolve, reject) => {
    stream.write(content, (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Runs `write` on a temporary folder, which then replaces the named one and whatever is in it. Others see the old folder or the
 * whole new one. A link stays a link. Nothing is left if `write` fails.
 */
export async function writeFolderAtomically<T>(named: string, write: (folder: string) => Promise<T>): Promise<T> {
  const path = await behindLinks(named);
  const [folder, old] = [nameBeside(path, "tmp"), nameBeside(path, "old")];
  await makeDirectory(folder);
  try {
    const result = await namingFile(path, write(folder));
    await syncDirectory(folder);
    while (!(await takesPlace(folder, path, old))) await rm(old, { recursive: true, force: true });
    await syncDirectory(dirname(path));
    await rm(old, { recursive: true, force: true });
    await removeAbandoned(path);
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Renames `path` to `old`, and `folder` to `path`. False if another process has put its own folder there in between. */
async function takesPlace(folder: string, path: string, old: string): Promise<boolean> {
  await rename(path, old).catch((error: unknown) => {
    if (!hasErrorCode(error, "ENOENT")) throw error;
  });
  try {
    await rename(folder, path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, "ENOTEMPTY", "EEXIST")) return false;
    if (!existsSync(path)) await rename(old, path).catch(() => undefined);
    throw error;
  }
}

/**
 * Creates `path` with the content that `write` puts into the file it is given, unless `path` exists: the first writer
 * wins. For files that several machines create at the same time and then read.
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

/** Writes a value as indented JSON, atomically. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Syncs renames and new names in a directory to disk. Does nothing on Windows, which cannot open directories. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Maximum bytes per call: Linux writes at most 2 GiB at once, and Node refuses more. */
const LARGEST_WRITE = 1 << 30;

/** Writes all bytes, at `position` or else at the current position. @throws the system's error, such as `ENOSPC` */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(bytes.length - done, LARGEST_WRITE);
    const { bytesWritten } = await handle.write(bytes, done, length, position === undefined ? null : position + done);
    done += bytesWritten;
  }
}
