/** @module Lists the images that a user names: files, and all files in folders that have the extension of an image. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { InputError, messageOf } from "../errors/index";
import { hasImageExtension } from "../files/index";

/** An image to predict. */
export interface ListedImage {
  /** Its name in results: relative to the folder or the name of the file, or the given path if that is ambiguous. */
  readonly filename: string;
  readonly path: string;
}

/**
 * Lists images in a stable order: arguments as given, and folders sorted by name, including their subfolders.
 * @param option name of the command line option, for messages
 * @throws {InputError} `IMAGES_MISSING` for a path that does not exist, `IMAGES_NONE` if there are no images
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
    const message = `${option}: ${path} cannot be opened: ${messageOf(error)}`;
    throw new InputError("IMAGES_MISSING", message, { cause: error });
  });
  if (!info.isDirectory()) return [{ filename: basename(path), path }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && hasImageExtension(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ filename: relative(path, file).split(sep).join("/"), path: file }));
}
