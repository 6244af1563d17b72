/** @module Lists the images that a user names: files, and all files in folders that have the extension of an image. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { countValues } from "../collections/index";
import type { FoundImages } from "../dataset/labels/index";
import { hasErrorCode, InputError, messageOf } from "../errors/index";

/** An image to predict. */
export interface ListedImage {
  /** Its name in results: relative to the folder or the name of the file, or the given path if that is ambiguous. */
  readonly filename: string;
  readonly path: string;
}

/** What the paths of a user hold. */
export interface NamedImages {
  readonly images: readonly ListedImage[];
  /** Paths of images in folders whose formats are not read. */
  readonly unread: readonly string[];
}

/**
 * Lists images in a stable order: arguments as given, and folders sorted by name, including their subfolders.
 * @param option name of the command line option, for messages
 * @throws {InputError} `IMAGES_MISSING` for a path that does not exist, `IMAGES_NONE` if there are no images
 */
export async function namedImages(paths: readonly string[], option = "--images"): Promise<NamedImages> {
  const found = await Promise.all(paths.map((path) => lookAt(path, option)));
  const listed = found.flatMap(({ images }) => images);
  if (listed.length === 0) {
    throw new InputError("IMAGES_NONE", `${option}: no PNG, JPEG, WebP or TIFF file in ${paths.join(", ")}.`);
  }
  const seen = countValues(listed.map(({ filename }) => filename));
  return {
    images: listed.map((image) => (seen.get(image.filename) === 1 ? image : { ...image, filename: image.path })),
    unread: found.flatMap(({ unread }) => unread),
  };
}

/** The images of {@link namedImages} that can be read. */
export async function listImages(paths: readonly string[], option?: string): Promise<readonly ListedImage[]> {
  return (await namedImages(paths, option)).images;
}

async function lookAt(path: string, option: string): Promise<NamedImages> {
  const info = await stat(path).catch((error: unknown) => {
    const reason = hasErrorCode(error, "ENOENT") ? "does not exist." : `cannot be opened: ${messageOf(error)}`;
    const message = `${option}: ${path} ${reason}`;
    throw new InputError("IMAGES_MISSING", message, { cause: error });
  });
  if (!info.isDirectory()) return { images: [{ filename: basename(path), path }], unread: [] };
  const { images, unsupported } = await imagesIn(path);
  return {
    images: images.map((filename) => ({ filename, path: join(path, filename) })),
    unread: unsupported.map((name) => join(path, name)),
  };
}

/** The images in a folder, as data sets find them: linked folders are followed, hidden files are not images. */
async function imagesIn(folder: string): Promise<FoundImages> {
  // Loaded only here, because servers list no folders.
  const { findImages } = await import("../dataset/labels/index.js");
  return findImages(folder);
}
