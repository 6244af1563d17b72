/** @module The files of a spool: what a run has logged and how much of it the server has. Small ones are replaced atomically, without fsync. */

import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Folder, isDirectory } from "../../files/index";

export class SpoolDirectory extends Folder {
  /** The journal: one JSON object per line, append-only. */
  readonly journal = this.at("events.jsonl");
  /** How much of the journal has been sent. Losing it only costs time. */
  readonly state = this.at("delivery.json");
  /** The lock of the sending process; its files start with this name. */
  readonly lock = this.at("delivery.lock");
  /** Items that the server rejected, with the reasons. */
  readonly rejected = this.at("rejected.jsonl");
  /** SHA-256 of everything uploaded. */
  readonly checksums = this.at("artifacts.sha256");
  /** Content of artifacts until they are sent. */
  readonly files = this.at("files");

  file(name: string): string {
    return this.at("files", name);
  }
  /** State of an interrupted multipart upload. */
  multipart(name: string): string {
    return this.at("files", `${name}.parts.json`);
  }
  /** Tables so far, so that rows can be added after a restart. */
  table(name: string): string {
    return this.at("tables", name);
  }
}

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

/** Larger files are linked instead of copied. They may be replaced, but not changed in place, until they are sent. */
const COPY_BYTES = 8 << 20;

/** Content of an artifact: a local file, or the bytes themselves. */
export type ArtifactContent = { readonly localPath: string } | { readonly bytes: string | Uint8Array };

/** Copies content into the spool and returns its name there. */
export async function takeIntoSpool(spool: SpoolDirectory, content: ArtifactContent): Promise<string> {
  const name = randomUUID();
  const target = spool.file(name);
  try {
    if ("bytes" in content) await writeFile(target, content.bytes);
    else await linkOrCopy(content.localPath, target);
    return name;
  } catch (error) {
    // A full disk has taken a part of it.
    await rm(target, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  const linked = (await stat(from)).size >= COPY_BYTES && (await tryLink(from, to));
  if (!linked) await copyFile(from, to, constants.COPYFILE_FICLONE);
}

/** The files below a folder, including linked files but not linked folders, as relative paths with `/`. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files: typeof entries = [];
  for (const entry of entries) {
    const linked = entry.isSymbolicLink() && !(await isDirectory(join(entry.parentPath, entry.name)));
    if (entry.isFile() || linked) files.push(entry);
  }
  const depth = join(directory, ".").length;
  return files
    .map(({ parentPath, name }) => join(parentPath, name).slice(depth).replace(/\\/g, "/").replace(/^\//, ""))
    .sort();
}

/** Creates a hard link; false if the file system does not support it. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    // A hard link to a symbolic link would be another symbolic link.
    await link(await realpath(from), to);
    return true;
  } catch {
    return false;
  }
}
