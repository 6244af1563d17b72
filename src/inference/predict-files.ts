/** @module Lists the images that a user names (files, and all files in folders that have the extension of an image), and predicts them. */
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { countValues } from "../collections/index";
import type { FoundImages } from "../dataset/labels/index";
import { HistoError, hasErrorCode, InputError, messageOf } from "../errors/index";
import { counted } from "../format/index";
import type { Prediction } from "./answers";
import type { Predictor } from "./predictor";

export interface ListedImage {
  /** Its name in results: relative to the folder or the name of the file, or the given path if that is ambiguous. */
  readonly filename: string;
  readonly path: string;
}

/** An image of a format that is not read. */
export interface UnreadImage {
  readonly filename: string;
  readonly code: "IMAGE_UNSUPPORTED";
  readonly message: string;
}

/** What the paths of a user hold. */
export interface NamedImages {
  readonly images: readonly ListedImage[];
  /** Images in folders whose formats are not read: commands report them as failed, with the path as the name. */
  readonly unread: readonly UnreadImage[];
}

/**
 * Lists images in a stable order: arguments as given, and folders sorted by name, including their subfolders. A file that is named
 * twice, or beside its folder, is listed once.
 * @param option name of the command line option, for messages
 * @throws {InputError} `IMAGES_MISSING` for a path that does not exist, `IMAGES_NONE` if there are no images
 */
export async function namedImages(paths: readonly string[], option = "--images"): Promise<NamedImages> {
  const found = await Promise.all(paths.map((path) => lookAt(path, option)));
  const byPath = new Map<string, ListedImage>();
  for (const image of found.flatMap(({ images }) => images)) {
    const place = resolve(image.path);
    if (!byPath.has(place)) byPath.set(place, image);
  }
  const listed = [...byPath.values()];
  if (listed.length === 0) {
    const others = found.flatMap(({ unread }) => unread).length;
    const remedy = others > 0 ? `; convert its ${counted(others, "image")} of other formats` : "";
    throw new InputError("IMAGES_NONE", `${option}: no PNG, JPEG, WebP or TIFF file in ${paths.join(", ")}${remedy}.`);
  }
  const seen = countValues(listed.map(({ filename }) => filename));
  return {
    images: listed.map((image) => (seen.get(image.filename) === 1 ? image : { ...image, filename: image.path })),
    unread: found.flatMap(({ unread }) => unread),
  };
}

async function lookAt(path: string, option: string): Promise<NamedImages> {
  const info = await stat(path).catch((error: unknown) => {
    const reason = hasErrorCode(error, "ENOENT")
      ? `does not exist${remedyOf(path)}.`
      : `cannot be opened: ${messageOf(error)}`;
    const message = `${option}: ${path} ${reason}`;
    throw new InputError("IMAGES_MISSING", message, { cause: error });
  });
  if (!info.isDirectory()) return { images: [{ filename: basename(path), path }], unread: [] };
  const { images, unsupported } = await imagesIn(path);
  return {
    images: images.map((filename) => ({ filename, path: join(path, filename) })),
    unread: unsupported.map((name) => unreadImage(join(path, name))),
  };
}

/** What to do about a path that is no file's: a pattern that the shell has not expanded, or the usual sign for standard input. */
function remedyOf(path: string): string {
  if (path === "-") return "; an image on standard input is /dev/stdin";
  return /[*?]/.test(path) ? "; leave out the quotes around a pattern, or name the folder" : "";
}

function unreadImage(path: string): UnreadImage {
  const message = `${path} is of a format that is not read; convert it to PNG, JPEG, WebP or TIFF.`;
  return { filename: path, code: "IMAGE_UNSUPPORTED", message };
}

/** The images in a folder, as data sets find them: linked folders are followed, hidden files are not images. */
async function imagesIn(folder: string): Promise<FoundImages> {
  // Loaded only here, because servers list no folders.
  const { findImages } = await import("../dataset/labels/index.js");
  return findImages(folder);
}

export interface FileAnswer {
  readonly filename: string;
  readonly answer: Prediction | HistoError;
}

const GROUP = 32;

/** Predicts files, group by group and in order. A file that cannot be read does not affect the others. */
export async function* predictFiles(
  predictor: Predictor,
  images: readonly ListedImage[],
): AsyncGenerator<FileAnswer[]> {
  for (let start = 0; start < images.length; start += GROUP) {
    const group = images.slice(start, start + GROUP);
    const contents = await Promise.all(group.map(({ path }) => readImage(path).catch((error: InputError) => error)));
    const readable = contents.filter((content): content is Buffer => !(content instanceof HistoError));
    const answers = await predictor.predictBatch(readable);
    let next = 0;
    yield group.map(({ filename }, i) => {
      const content = contents[i];
      return { filename, answer: content instanceof HistoError ? content : answers[next++]! };
    });
  }
}

/** The bytes of an image file. @throws {InputError} `IMAGE_MISSING` */
export async function readImage(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InputError("IMAGE_MISSING", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
