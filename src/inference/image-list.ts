/** @module Finds the images that a user names: files, and everything that looks like an image in folders. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { InputError, messageOf } from "../errors/index";
import { hasImageExtension } from "../files/index";

/** An image to predict. */
export interface ListedImage {
  /** How results name it: relative to the folder it was found in, or the file's own name; the path as given where ambiguous. */
  readonly filename: string;
  readonly path: string;
}

/**
 * Lists images in a stable order: arguments as given, folders sorted by name and searched all the way down.
 * @param option that named them, for messages
 * @throws {InputError} `IMAGES_MISSING` for a path that does not exist, `IMAGES_NONE` when nothing is found
 */
export async function listImages(paths: readonly string[], option = "--images"): Promise<ListedImage[]> {
  const listed = (await Promise.all(paths.map((path) => listPath(path, option)))).flat();
  if (listed.length === 0) {
    throw new InputError("IMAGES_NONE", `${option}: no PNG, JPEG, WebP or TIFF file in ${paths.join(", ")}.`);
  }
  const seen = new Map<string, number>();
  for (const { filename } of listed) seen.set(filename, (seen.get(filename) ?? 0) + 1);
  return listed.map((image) => (seen.get(image.filename) === 1 ? image : { ...image, filename: image.path }));
}

async function listPath(path: string, option: string): Promise<ListedImage[]> {
  const info = await stat(path).catch((error: unknown) => {
    throw new InputError("IMAGES_MISSING", `${option}: ${path} cannot be opened: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (!info.isDirectory()) return [{ filename: basename(path), path }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && hasImageExtension(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ filename: relative(path, file).split(sep).join("/"), path: file }));
}
