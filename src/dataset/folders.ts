/** @module Reads data sets with one folder per class, with or without train/ and test/ above or inside. */
import { extname, join } from "node:path";
import { countValues } from "../collections/index";
import { InputError } from "../errors/index";
import { counted, shellText } from "../format/index";
import { assignClasses } from "./classes";
import { groupNotes } from "./groups";
import { countImagesIn, findImages, listDirectory, subfolders } from "./image-files";
import { type ClassFolder, type ClassImages, placeImages, remedyOfInner } from "./inner-folders";
import { partitionNamed, partitionWithin } from "./partitions";
import { listed, quoted } from "./table";
import type { DatasetOptions, Partition, Reading, Tile, UnnamedDataset } from "./types";

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
 * @throws {InputError} `DATA_LAYOUT_UNKNOWN`, `DATA_PARTITION_EMPTY`, `DATA_FORMAT_UNSUPPORTED`, `DATA_LINK_BROKEN` or the errors of
 *   the classes
 */
export async function loadFolders(
  directory: string,
  options: DatasetOptions,
  reading: Reading,
): Promise<UnnamedDataset> {
  const folders = await imagesOf(directory, await classFolders(directory));
  const used = folders.filter(({ images }) => images.length > 0);
  await mustBeRead(directory, folders);
  for (const partition of new Set(folders.map((folder) => folder.partition))) {
    if (!used.some((folder) => folder.partition === partition)) {
      const paths = folders.filter((folder) => folder.partition === partition).map((folder) => folder.path);
      const message = `${directory}: there are no images in ${listed(paths)}; fill or remove the folder.`;
      throw new InputError("DATA_PARTITION_EMPTY", message);
    }
  }
  const { images, grouping, spellings, notes: ofPlaces } = placeImages(used, options, reading);
  const names = [...new Set(images.map(({ className }) => className))];
  const [only = ""] = names;
  if (names.length === 1 && used[0]?.path === only) {
    const inside = shellText(["--data", join(directory, only)]);
    const message = `${directory} has only the class ${quoted(only)}; a classifier needs two classes. If the data set is in that folder, give ${inside}.`;
    throw new InputError("DATA_ONE_CLASS", message);
  }
  const { labelOf, notes, ...assigned } = assignClasses(names, options.positive, directory, remedyOfInner(used));
  const tiles = images.map(({ name, className, partition, group }): Tile => {
    const path = join(directory, name);
    return { name, path, label: labelOf(className), partition, ...(group !== undefined && { group }) };
  });
  const left = await leftOut(directory, folders);
  const ofGroups = groupNotes({ tiles }, { column: grouping, spellings }, options);
  return {
    directory,
    layout: "folders",
    ...assigned,
    tiles,
    notes: [...notes, ...ofPlaces, ...ofGroups, ...left],
  };
}

/** Files whose contents must be got out first, by what to do. */
const CONTAINERS: readonly (readonly [files: RegExp, toDo: string])[] = [
  [/\.(?:xlsx?|ods|numbers|parquet)$/i, "cannot be read: save it as CSV in UTF-8"],
  [/\.(?:zip|tar|tgz|tar\.\w+|7z|rar)$/i, "must be unpacked first"],
  [
    /\.(?:h5|hdf5|npz|npy|mat|arrow|tfrecords?|lmdb|pkl)$/i,
    "cannot be read: save images as PNG files, and their labels as CSV in UTF-8",
  ],
  [/\.jsonl?$/i, "is not read as a table: save it as CSV in UTF-8"],
];

/** What to do about files in the directory that may hold the labels or the images, as the end of a message. */
async function remedyOfContainers(directory: string, folders: readonly ClassFolder[]): Promise<string> {
  const filesIn = async (folder: string) => {
    const entries = await listDirectory(join(directory, folder));
    return entries.filter((entry) => !entry.isDirectory() && /^[^.~]/.test(entry.name)).map(({ name }) => name);
  };
  const files = (await filesIn("")).sort();
  const found = CONTAINERS.map(([pattern, toDo]) => [files.filter((name) => pattern.test(name)), toDo] as const);
  const within: string[] = [];
  for (const { path } of folders) {
    for (const name of await filesIn(path)) if (/\.[ct]sv$/i.test(name)) within.push(`${path}/${name}`);
  }
  const [table = "", ...more] = within.sort();
  const ofWithin =
    more.length > 0
      ? `must be one table: join them to ${join(directory, "labels.csv")}`
      : `may be the table: name it with ${shellText(["--table", table])}`;
  const all = [...found, [within, ofWithin] as const];
  return all.flatMap(([names, toDo]) => (names.length > 0 ? [` (${listed(names, 3)} ${toDo})`] : [])).join("");
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
    folders.map(async (folder) => ({ ...folder, ...(await findImages(join(directory, folder.path))) })),
  );
}

/** Rejects folders none of whose images can be read: the set would have other classes than it seems to have. */
async function mustBeRead(directory: string, folders: readonly ClassImages[]): Promise<void> {
  const unread = folders.filter(({ images, unsupported }) => images.length === 0 && unsupported.length > 0);
  if (unread.length > 0) {
    const files = unread.flatMap(({ unsupported }) => unsupported);
    const message = `${directory}: the images in ${listed(unread.map(({ path }) => path))} are of formats that are not read (${byExtension(files)}); convert them to PNG, JPEG, WebP or TIFF.`;
    throw new InputError("DATA_FORMAT_UNSUPPORTED", message);
  }
  const ofImages = folders.filter(({ className, images }) => NO_CLASSES.test(className) && images.length > 0);
  const bare = folders.filter(({ className, images }) => className === "" && images.length > 0);
  const isEmpty = folders.every(({ images }) => images.length === 0);
  if (ofImages.length === 0 && bare.length === 0 && !isEmpty) return;
  const remedy = await remedyOfContainers(directory, folders);
  if (ofImages.length > 0) {
    const within = ofImages.find(({ images }) => images.every((file) => file.includes("/")));
    const above = within ? ` (perhaps ${shellText(["--data", join(directory, within.path)])})` : "";
    const message = `${directory}: ${listed(ofImages.map(({ path }) => path))} is no name of a class; name the folder above the classes with --data${above}, or rename it${remedy}.`;
    throw new InputError("DATA_LAYOUT_UNKNOWN", message);
  }
  if (bare.length > 0) {
    const message = `${directory}: the images in ${listed(bare.map(({ path }) => path))} have no class; put them into a folder for each class, or name a label table with --table${remedy}.`;
    throw new InputError("DATA_LAYOUT_UNKNOWN", message);
  }
  const direct = await countImagesIn(directory);
  const message =
    direct > 0
      ? `${directory}: its ${counted(direct, "image")} have no class; put them into a folder for each class, or write a table of images and labels (labels.csv)${remedy}.`
      : `${directory} holds neither a label table (annotations.csv, labels.csv) nor folders of images named by class${remedy}; see data/README.md.`;
  throw new InputError("DATA_LAYOUT_UNKNOWN", message);
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
    const count = await countImagesIn(join(directory, parent));
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
