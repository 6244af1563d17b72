/** @module Reads a data set directory of any layout. */
import { basename, join, resolve } from "node:path";
import { InputError } from "../errors/index";
import { loadCsv } from "./csv";
import { isDrawn, mustBeDataFolder } from "./data-folder";
import { hasClassFolders, loadFolders } from "./folders";
import { listDirectory } from "./image-files";
import { ImagesMissingError } from "./locate";
import { groupByName } from "./name-groups";
import { listed } from "./table";
import {
  type Dataset,
  type DatasetOptions,
  datasetFlags,
  LATEST_READING,
  type Reading,
  type UnnamedDataset,
} from "./types";

/** In order of preference; case is ignored. */
const TABLE_NAMES = ["annotations.csv", "labels.csv", "annotations.tsv", "labels.tsv"];

/**
 * Reads the labels of a data set and finds its images, without opening them.
 * Layouts: MHIST as distributed (`annotations.csv`), any CSV of images and labels, or one folder per class with or
 * without `train/` and `test/` above. Without a partition column or folder every tile is in train.
 * @param reading of a run that began with an earlier version of this project
 * @throws {InputError} codes `DATA_...` and `TABLE_...`; the message names the file and line and says what to do
 */
export async function loadDataset(
  directory: string,
  options: DatasetOptions = {},
  reading: Reading = LATEST_READING,
): Promise<Dataset> {
  const root = resolve(directory);
  await mustBeDataFolder(root);
  const read = options.groupPattern === undefined ? options : { groupColumn: "none", ...options };
  const dataset = groupByName(
    await (options.table === undefined
      ? loadFound(root, read, reading)
      : loadCsv(root, resolve(root, options.table), read, reading)),
    options,
    reading,
  );
  if (!dataset.tiles.some((tile) => tile.partition === "train")) {
    const message = `${dataset.table ?? root} has no training images: every image is in another partition; mark some as train.`;
    throw new InputError("DATA_PARTITION_EMPTY", message);
  }
  const isInOrder = dataset.table === undefined || reading === 1;
  const tiles = isInOrder ? dataset.tiles : [...dataset.tiles].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...dataset, tiles, name: basename(root), options, ...(isDrawn(root) && { drawn: true }) };
}

/** Reads the table in the directory, or folders of classes if there is no table of these images. */
async function loadFound(root: string, options: DatasetOptions, reading: Reading): Promise<UnnamedDataset> {
  try {
    const table = await findTable(root);
    if (table === undefined) refuseColumns(root, options);
    return await (table === undefined ? loadFolders(root, options, reading) : loadCsv(root, table, options, reading));
  } catch (error) {
    if (!isOtherTable(error) || namesColumns(options) || !(await hasClassFolders(root))) throw error;
    const dataset = await loadFolders(root, options, reading);
    const note = `The folders of ${root} are used as classes: no table there describes the images (name one with --table).`;
    return { ...dataset, notes: [...(dataset.notes ?? []), note] };
  }
}

/** True for errors of tables that do not describe the images of their folder. */
function isOtherTable(error: unknown): boolean {
  if (error instanceof ImagesMissingError) return error.all;
  return (
    error instanceof InputError &&
    ["DATA_TABLE_AMBIGUOUS", "DATA_NAME_AMBIGUOUS", "TABLE_COLUMN_AMBIGUOUS", "TABLE_COLUMN_MISSING"].includes(
      error.code,
    )
  );
}

/** The options that refer to a table. */
function ofTable({ imageDirectory, imageColumn, labelColumn, votesColumn, votesTotal, ...rest }: DatasetOptions) {
  const { partitionColumn, groupColumn, foldColumn } = rest;
  const orNone = Object.entries({ partitionColumn, groupColumn, foldColumn }).filter(([, name]) => name !== "none");
  return { imageDirectory, imageColumn, labelColumn, votesColumn, votesTotal, ...Object.fromEntries(orNone) };
}

function namesColumns(options: DatasetOptions): boolean {
  return Object.values(ofTable(options)).some((name) => name !== undefined);
}

/** Rejects options for a table that does not exist: patients would be torn apart if their column were ignored. */
function refuseColumns(root: string, options: DatasetOptions): void {
  const [flag] = datasetFlags(ofTable(options));
  if (flag === undefined) return;
  const message = `${flag} is about a label table, but ${root} holds none; name one with --table.`;
  throw new InputError("DATA_TABLE_MISSING", message);
}

async function findTable(root: string): Promise<string | undefined> {
  const names = (await listDirectory(root)).filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  const tables = names.filter((name) => /\.[ct]sv$/i.test(name) && !name.startsWith(".")).sort();
  const known = TABLE_NAMES.flatMap((usual) => tables.filter((name) => name.toLowerCase() === usual))[0];
  if (known === undefined && tables.length > 1) {
    const message = `${root} holds the tables ${listed(tables)}; choose one with --table NAME.`;
    throw new InputError("DATA_TABLE_AMBIGUOUS", message);
  }
  const name = known ?? tables[0];
  return name === undefined ? undefined : join(root, name);
}
