/** @module Folders: making them, whether a file can be written in one, and folders that are removed with their process. */
import { existsSync, readdirSync, statSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { tryLock } from "./lock.cjs";
import { behindLinks, descriptorOf, shortName } from "./named-file";

export class Folder {
  constructor(readonly path: string) {}

  protected at(...names: string[]): string {
    return join(this.path, ...names);
  }
}

/**
 * Creates a folder and its missing parents. (Node's own `recursive` never returns if the system denies a folder whose
 * parent exists, as in `/proc`.)
 * @returns the folders that were created, the innermost first
 */
export async function makeDirectory(path: string): Promise<string[]> {
  const make = () =>
    mkdir(path).then(
      () => [path],
      async (error: unknown) => {
        if (!(await isDirectory(path))) throw error;
        return [];
      },
    );
  try {
    return await make();
  } catch (error) {
    const above = dirname(path);
    if (!hasErrorCode(error, "ENOENT") || above === path) throw error;
    // Another process may have made the folder above meanwhile.
    const made = (await isDirectory(above)) ? [] : await makeDirectory(above);
    return [...(await make()), ...made];
  }
}

/** Removes the folders that {@link makeDirectory} created, as far as nothing has been written into them. */
export async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await rmdir(folder).catch(() => undefined);
}

/**
 * Creates the folder that an option names, for what a command writes into it.
 * @throws {InputError} `OUT_NOT_WRITABLE` if it is a file, or cannot be made
 */
export async function makeOutputFolder(option: string, path: string): Promise<void> {
  try {
    await makeDirectory(path);
  } catch (error) {
    const isFile = existsSync(path);
    const reason = isFile ? "is a file; name a folder" : `cannot be made (${messageOf(error)}); name another place`;
    throw new InputError("OUT_NOT_WRITABLE", `${option}: ${path} ${reason}.`, { cause: error });
  }
}

/** Bytes of the files directly in a folder. @throws errors of the file system */
export function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** False also for a path that does not exist or cannot be read. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** True for pipes and devices: a file must not take their place. */
export async function isStream(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && !info.isFile() && !info.isDirectory();
}

/**
 * Tries to write beside the file, or into the nearest folder above it that exists. Leaves nothing behind.
 * @param option the option that named it, for the message
 * @param named what the option named, where that is not the file itself
 * @throws {InputError} `OUT_NOT_WRITABLE`
 */
export async function mustBeWritable(option: string, path: string, named = path): Promise<void> {
  const refuse = (reason: string) => new InputError("OUT_NOT_WRITABLE", `${option}: ${reason}`);
  if (await isStream(path)) return;
  if (await isDirectory(path)) throw refuse(`${path} is a folder; name a file in it.`);
  try {
    const descriptor = await descriptorOf(path);
    if (descriptor !== undefined) return void writeSync(descriptor, ""); // fails if it is not open, or for reading only
    let folder = dirname(await behindLinks(path));
    while (!existsSync(folder)) folder = dirname(folder);
    const probe = join(folder, `.writable-${process.pid}`);
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    throw refuse(`${named} cannot be written (${messageOf(error)}); name another place.`);
  }
}

/**
 * Tries whether `writeFolderAtomically` can put a folder at the path, before the work that fills it. It cannot replace a mount point,
 * such as a volume of a container.
 * @param option the option that named it, for the message
 * @throws {InputError} `OUT_NOT_WRITABLE`
 */
export async function mustBeReplaceable(option: string, path: string): Promise<void> {
  if (!existsSync(path)) return mustBeWritable(option, path);
  try {
    const folder = await behindLinks(path);
    const added = `.probe-${process.pid}`;
    const aside = join(dirname(folder), `${shortName(basename(folder), added.length)}${added}`);
    await rename(folder, aside);
    await rename(aside, folder);
  } catch (error) {
    const message = `${option}: ${path} cannot be replaced (${messageOf(error)}); name a new folder in it.`;
    throw new InputError("OUT_NOT_WRITABLE", message, { cause: error });
  }
}

/** A folder without a sign of life for this long is left from a process that was killed. */
const SILENT_MS = 60_000;

/** A folder that no other process removes. */
export interface ScratchFolder {
  readonly path: string;
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
