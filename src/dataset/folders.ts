/** @module Reads data sets with one folder per class, with or without train/ and test/ above. */
import { extname, join } from "node:path";
import { countValues } from "../collections/index";
import { InputError } from "../errors/index";
import { counted } from "../format/index";
import { assignClasses } from "./classes";
import { countImagesIn, type FoundImages, findImages, subfolders, systemPath } from "./image-files";
import type { DatasetOptions } from "./options";
import { partitionNamed, partitionWithin } from "./partitions";
import { listed } from "./table";
import type { Dataset, Partition, Tile } from "./types";

interface ClassFolder {
  readonly className: string;
  readonly partition: Partition;
  /** Relative to the data set. */
  readonly path: string;
}

type ClassImages = ClassFolder & FoundImages;

/** Folders that hold the images of a table; their names are not classes. */
const NO_CLASSES = /^(?:image|img|tile|patche?|mask|thumbnail)s?$/i;

/** True if a directory has at least two folders of images that may be classes. */
export async function hasClassFolders(directory: string): Promise<boolean> {
  const folders = (await classFolders(directory)).filter(({ className }) => className !== "");
  if (folders.some(({ className }) => NO_CLASSES.test(className))) return false;
  const withImages = (await imagesOf(directory, folders)).filter(({ images }) => images.length > 0);
  return new Set(withImages.map(({ className }) => className)).size > 1;
}

/**
 * Reads folders of classes; images may be at any depth below a class folder. Notes mention images that are not read.
 * @throws {InputError} `DATA_LAYOUT_UNKNOWN`, `DATA_PARTITION_EMPTY`, `DATA_FORMAT_UNSUPPORTED` or the errors of the classes
 */
export async function loadFolders(directory: string, options: DatasetOptions): Promise<Dataset> {
  const folders = await imagesOf(directory, await classFolders(directory));
  const used = folders.filter(({ images }) => images.length > 0);
  mustBeRead(directory, folders);
  if (used.length === 0) {
    const message = `${directory} holds neither a label table (annotations.csv, labels.csv) nor folders of images named by class; see data/README.md.`;
    throw new InputError("DATA_LAYOUT_UNKNOWN", message);
  }
  for (const partition of new Set(folders.map((folder) => folder.partition))) {
    if (!used.some((folder) => folder.partition === partition)) {
      const paths = folders.filter((folder) => folder.partition === partition).map((folder) => folder.path);
      const message = `${directory}: there are no images in ${listed(paths)}; fill or remove the folder.`;
      throw new InputError("DATA_PARTITION_EMPTY", message);
    }
  }
  const { classes, labelOf, notes } = assignClasses(
    used.map((folder) => folder.className),
    options.positive,
    directory,
  );
  const tiles = used.flatMap(({ className, partition, path, images: files }) =>
    files.map((file): Tile => {
      const name = `${path}/${file}`;
      return { name, path: systemPath(directory, name), label: labelOf(className), partition };
    }),
  );
  const left = await leftOut(directory, folders);
  return { directory, name: "", layout: "folders", classes, tiles, notes: [...notes, ...innerFolders(used), ...left] };
}

async function classFolders(directory: string): Promise<ClassFolder[]> {
  const top = await subfolders(directory);
  const partitionOf = readerOfPartitions(top);
  const partitions = top.filter((name) => partitionOf(name) !== undefined);
  if (partitions.length === 0) return top.map((name) => ({ className: name, partition: "train", path: name }));
  const nested = partitions.map(async (folder): Promise<ClassFolder[]> => {
    const partition = partitionOf(folder) as Partition;
    const classes = await subfolders(join(directory, folder));
    if (classes.length === 0) return [{ className: "", partition, path: folder }];
    return classes.map((name) => ({ className: name, partition, path: `${folder}/${name}` }));
  });
  return (await Promise.all(nested)).flat();
}

/** How to read the partitions of folders: by their whole names, or by a word if all have one, such as `CRC_DX_TRAIN` and `CRC_DX_TEST`. */
function readerOfPartitions(folders: readonly string[]): typeof partitionNamed {
  if (folders.some((name) => partitionNamed(name) !== undefined)) return partitionNamed;
  const found = new Set(folders.map(partitionWithin));
  return found.has("train") && found.size > 1 && !found.has(undefined) ? partitionWithin : partitionNamed;
}

function imagesOf(directory: string, folders: readonly ClassFolder[]): Promise<ClassImages[]> {
  return Promise.all(
    folders.map(async (folder) => ({ ...folder, ...(await findImages(systemPath(directory, folder.path))) })),
  );
}

/** Rejects folders none of whose images can be read: the set would have other classes than it seems to have. */
function mustBeRead(directory: string, folders: readonly ClassImages[]): void {
  const unread = folders.filter(({ images, unsupported }) => images.length === 0 && unsupported.length > 0);
  if (unread.length > 0) {
    const files = unread.flatMap(({ unsupported }) => unsupported);
    const message = `${directory}: the images in ${listed(unread.map(({ path }) => path))} are of formats that are not read (${byExtension(files)}); convert them to PNG, JPEG, WebP or TIFF.`;
    throw new InputError("DATA_FORMAT_UNSUPPORTED", message);
  }
  const ofImages = folders.filter(({ className, images }) => NO_CLASSES.test(className) && images.length > 0);
  if (ofImages.length > 0) {
    throw new InputError(
      "DATA_LAYOUT_UNKNOWN",
      `${directory}: ${listed(ofImages.map(({ path }) => path))} is no name of a class; name the folder above the classes with --data, or rename it.`,
    );
  }
  const bare = folders.filter(({ className, images }) => className === "" && images.length > 0);
  if (bare.length > 0) {
    const message = `${directory}: the images in ${listed(bare.map(({ path }) => path))} have no class; put them into a folder for each class, or name a label table with --table.`;
    throw new InputError("DATA_LAYOUT_UNKNOWN", message);
  }
}

/** A note about classes that all have the same folders: these may be the classes, and those above them sets of images. */
function innerFolders(classes: readonly ClassImages[]): string[] {
  const innerOf = ({ images }: ClassImages) =>
    [...new Set(images.map((name) => name.slice(0, Math.max(0, name.indexOf("/")))))].sort();
  const [inner = [], ...others] = classes.map(innerOf);
  const isAlike =
    inner.length > 1 && !inner.includes("") && others.every((other) => other.join("/") === inner.join("/"));
  if (!isAlike || classes.some(({ path }) => path.includes("/"))) return [];
  const above = listed(classes.map(({ path }) => path));
  return [
    `The classes are ${above}, each with the folders ${listed(inner, 5)}: if these are the classes, rename those above them to train, validation or test.`,
  ];
}

/** Notes about images in the directory that are not in the set. */
async function leftOut(directory: string, folders: readonly ClassImages[]): Promise<string[]> {
  const notes: string[] = [];
  const unsupported = folders.flatMap((folder) => folder.unsupported);
  if (unsupported.length > 0)
    notes.push(
      `${counted(unsupported.length, "image")} of formats that are not read left out (${byExtension(unsupported)}).`,
    );
  const parents = [...new Set(folders.map(({ path }) => path.split("/").slice(0, -1).join("/")))];
  for (const parent of new Set(["", ...parents])) {
    const count = await countImagesIn(systemPath(directory, parent));
    const place = parent === "" ? directory : `${parent}/`;
    if (count > 0) notes.push(`${counted(count, "image")} directly in ${place} left out: no class folder.`);
  }
  for (const name of await subfolders(directory)) {
    if (folders.some(({ path }) => path === name || path.startsWith(`${name}/`))) continue;
    const found = await findImages(join(directory, name));
    const count = found.images.length + found.unsupported.length;
    if (count > 0)
      notes.push(`${counted(count, "image")} in ${name}/ left out: it is none of train, validation, test.`);
  }
  return notes;
}

/** Such as `12 .bmp, 1 .gif`. */
function byExtension(files: readonly string[]): string {
  const counts = countValues(files.map((file) => extname(file).toLowerCase()));
  return [...counts].map(([extension, count]) => `${count} ${extension}`).join(", ");
}
