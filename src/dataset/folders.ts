/** @module Data sets that are a folder for each class, with or without train/ and test/ above. */
import { join } from "node:path";
import { InputError } from "../errors/index";
import { assignClasses } from "./classes";
import { findImages, subfolders, systemPath } from "./image-files";
import type { DatasetOptions } from "./options";
import { partitionNamed } from "./partitions";
import { listed } from "./table";
import type { Dataset, Partition, Tile } from "./types";

interface ClassFolder {
  readonly className: string;
  readonly partition: Partition;
  /** Relative to the data set. */
  readonly path: string;
}

/**
 * Reads folders of classes; images may lie at any depth below a class folder.
 * @throws {InputError} `DATA_LAYOUT_UNKNOWN`, `DATA_PARTITION_EMPTY` or the errors of the classes
 */
export async function loadFolders(directory: string, options: DatasetOptions): Promise<Dataset> {
  const folders = await classFolders(directory);
  const images = await Promise.all(folders.map((folder) => findImages(systemPath(directory, folder.path))));
  const used = folders
    .map((folder, index) => ({ ...folder, images: images[index] as string[] }))
    .filter((folder) => folder.images.length > 0);
  if (used.length === 0) {
    throw new InputError(
      "DATA_LAYOUT_UNKNOWN",
      `${directory} holds neither a label table (annotations.csv, labels.csv) nor folders of images named by class; see data/README.md.`,
    );
  }
  for (const partition of new Set(folders.map((folder) => folder.partition))) {
    if (!used.some((folder) => folder.partition === partition)) {
      const paths = folders.filter((folder) => folder.partition === partition).map((folder) => folder.path);
      throw new InputError(
        "DATA_PARTITION_EMPTY",
        `${directory}: there are no images in ${listed(paths)}; fill or remove the folder.`,
      );
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
  return { directory, name: "", layout: "folders", classes, tiles, notes };
}

async function classFolders(directory: string): Promise<ClassFolder[]> {
  const top = await subfolders(directory);
  const partitions = top.filter((name) => partitionNamed(name) !== undefined);
  if (partitions.length === 0) return top.map((name) => ({ className: name, partition: "train", path: name }));
  const nested = partitions.map(async (folder): Promise<ClassFolder[]> => {
    const partition = partitionNamed(folder) as Partition;
    const classes = await subfolders(join(directory, folder));
    if (classes.length === 0) return [{ className: "", partition, path: folder }];
    return classes.map((name) => ({ className: name, partition, path: `${folder}/${name}` }));
  });
  return (await Promise.all(nested)).flat();
}
