/** @module Finds image files in a data set directory. */
import type { Dirent, Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, posix, sep } from "node:path";
import { hasErrorCode, InputError } from "../errors/index";
import { hasImageExtension, hasOtherExtension } from "../files/index";

/**
 * A name from a table as a path relative to the data set: forward slashes, no `.` parts.
 * @returns undefined when it is empty, absolute or leads outside
 */
export function safeRelativePath(name: string): string | undefined {
  const forward = name.replace(/\\/g, "/");
  if (forward === "" || forward.includes("\0") || isAbsolute(forward) || /^[a-zA-Z]:/.test(forward)) return undefined;
  const normal = posix.normalize(forward);
  return normal === "." || normal === ".." || normal.startsWith("../") || normal.endsWith("/") ? undefined : normal;
}

/** Folders that systems and network drives make for themselves: previews, deleted and lost files, older states. In lower case. */
const OF_SYSTEMS: ReadonlySet<string> = new Set([
  ...["__macosx", "@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot"],
  ...["$recycle.bin", "system volume information", "lost+found"],
]);

function isHidden(name: string): boolean {
  return name.startsWith(".") || OF_SYSTEMS.has(name.toLowerCase());
}

/** Checks whether paths are files, by listing each folder once instead of checking each file. */
export class FileFinder {
  private readonly listings = new Map<string, Promise<ReadonlyMap<string, Dirent>>>();

  async isFile(root: string, relative: string): Promise<boolean> {
    const slash = relative.lastIndexOf("/");
    const folder = slash < 0 ? root : join(root, relative.slice(0, slash));
    const entry = (await this.list(folder)).get(relative.slice(slash + 1));
    return entry !== undefined && ((await behindLink(entry, join(root, relative)))?.isFile() ?? false);
  }

  private list(folder: string): Promise<ReadonlyMap<string, Dirent>> {
    let listing = this.listings.get(folder);
    if (!listing) {
      listing = listDirectory(folder).then((entries) => new Map(entries.map((entry) => [entry.name, entry])));
      this.listings.set(folder, listing);
    }
    return listing;
  }
}

/** Image files, relative to a folder with forward slashes, sorted. */
export interface FoundImages {
  readonly images: readonly string[];
  /** Images of formats that are not decoded. */
  readonly unsupported: readonly string[];
}

/**
 * The image files below a folder at any depth, without hidden files. Does not follow links to folders above. A link to an image that
 * does not exist counts as one, so that whoever reads it says so.
 */
export async function findImages(root: string): Promise<FoundImages> {
  const images: string[] = [];
  const unsupported: string[] = [];
  const visited = new Set<string>();
  const realRoot = await realpath(root).catch(() => root);
  const walk = async (relative: string): Promise<void> => {
    const folder = join(root, relative);
    const real = await realpath(folder).catch(() => undefined);
    const isAbove = real !== undefined && real !== realRoot && `${realRoot}${sep}`.startsWith(`${real}${sep}`);
    if (real === undefined || isAbove || visited.has(real)) return;
    visited.add(real);
    for (const entry of await listDirectory(folder)) {
      if (isHidden(entry.name)) continue;
      if (hasImageExtension(entry.name) || entry.isDirectory()) checkName(folder, entry.name);
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      const kind = await behindLink(entry, join(root, path));
      if (kind?.isDirectory()) await walk(path);
      else if ((!kind || kind.isFile()) && hasImageExtension(entry.name)) images.push(path);
      else if (kind?.isFile() && hasOtherExtension(entry.name)) unsupported.push(path);
    }
  };
  await walk("");
  return { images: images.sort(), unsupported: unsupported.sort() };
}

/** Number of images of any format directly in a folder. */
export async function countImagesIn(folder: string): Promise<number> {
  const names = (await listDirectory(folder)).filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  return names.filter((name) => !isHidden(name) && (hasImageExtension(name) || hasOtherExtension(name))).length;
}

/**
 * Folders directly in a folder, sorted, without hidden ones.
 * @throws {InputError} `DATA_LINK_BROKEN` for a link that may have led to one: a class would be missing
 */
export async function subfolders(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await listDirectory(folder)) {
    if (isHidden(entry.name)) continue;
    const path = join(folder, entry.name);
    const kind = await behindLink(entry, path);
    if (!kind && !/\.[a-z]\w*$/i.test(entry.name)) {
      const message = `${path} is a link to a place that does not exist or may not be read; correct or remove the link.`;
      throw new InputError("DATA_LINK_BROKEN", message);
    }
    if (entry.isDirectory()) checkName(folder, entry.name);
    if (kind?.isDirectory()) names.push(entry.name);
  }
  return names.sort();
}

/** Rejects names that are not UTF-8: such files could be neither opened nor distinguished. */
function checkName(folder: string, name: string): void {
  if (!name.includes("\uFFFD")) return;
  const message = `${folder}: the name "${name}" is not UTF-8; rename it (convmv does it for many files).`;
  throw new InputError("DATA_NAME_ENCODING", message);
}

/** The entries of a folder; none if it does not exist. */
export async function listDirectory(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR")) return [];
    if (hasErrorCode(error, "EACCES"))
      throw new InputError("DATA_NO_ACCESS", `${folder} may not be read; change its permissions.`);
    throw error;
  }
}

/** The entry, or what it links to; undefined if that does not exist or may not be read. */
async function behindLink(entry: Dirent, path: string): Promise<Dirent | Stats | undefined> {
  return entry.isSymbolicLink() ? stat(path).catch(() => undefined) : entry;
}
