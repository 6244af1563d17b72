/** @module Copies the content of artifacts into the spool, so that it can be sent later as it was when it was logged. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, readdir, realpath, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDirectory } from "../../files/index";
import type { SpoolDirectory } from "./spool-directory";

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
