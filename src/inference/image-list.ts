/** @module Lists the images that a user names: files, and all files in folders that have the extension of an image. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FoundImages } from "../dataset/labels/index";
import { hasErrorCode, InputError, messageOf } from "../errors/index";

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

/** Paths of images in the given folders whose formats are not read, which {@link listImages} leaves out. */
export async function unreadImages(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => ((await stat(path)).isDirectory() ? (await imagesIn(path)).unsupported : [])),
  );
  return paths.flatMap((path, i) => (found[i] ?? []).map((name) => join(path, name)));
}

async function listPath(path: string, option: string): Promise<ListedImage[]> {
  const info = await stat(path).catch((error: unknown) => {
    const reason = hasErrorCode(error, "ENOENT") ? "does not exist." : `cannot be opened: ${messageOf(error)}`;
    const message = `${option}: ${path} ${reason}`;
    throw new InputError("IMAGES_MISSING", message, { cause: error });
  });
  if (!info.isDirectory()) return [{ filename: basename(path), path }];
  const { images } = await imagesIn(path);
  return images.map((filename) => ({ filename, path: join(path, filename) }));
}

/** The images in a folder, as data sets find them: linked folders are followed, hidden files are not images. */
async function imagesIn(folder: string): Promise<FoundImages> {
  // Loaded only here, because servers list no folders.
  const { findImages } = await import("../dataset/labels/index.js");
  return findImages(folder);
}
