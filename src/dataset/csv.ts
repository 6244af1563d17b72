/** @module Data sets described by a CSV table of images and labels; MHIST's `annotations.csv` is one of them. */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { InputError } from "../errors/index";
import { assignClasses } from "./classes";
import { FileFinder, IMAGE_EXTENSIONS, safeRelativePath, systemPath } from "./image-files";
import type { DatasetOptions } from "./options";
import { readPartitions } from "./partitions";
import { findColumn, isMissing, listed, namedColumn, readTable, type Table } from "./table";
import type { Dataset, Partition, Tile } from "./types";
import { readVotes, votesColumns } from "./votes";

const IMAGE_COLUMNS = [
  "image",
  "image name",
  "filename",
  "file name",
  "file",
  "image file",
  "path",
  "image path",
  "name",
  "image id",
  "id",
  "tile",
];
const LABEL_COLUMNS = [
  "label",
  "majority vote label",
  "class",
  "target",
  "class name",
  "diagnosis",
  "category",
  "y",
  "ground truth",
];
const MHIST_COLUMNS = ["Image Name", "Majority Vote Label", "Partition"];

/** Images that a table names and that are not there. */
export class ImagesMissingError extends InputError {
  constructor(
    /** Not one of them is there. */
    readonly all: boolean,
    message: string,
  ) {
    super("DATA_IMAGES_MISSING", message);
  }
}

/** Reads a data set described by a table. */
export async function loadCsv(directory: string, tablePath: string, options: DatasetOptions): Promise<Dataset> {
  const table = await readTable(tablePath);
  const image = column(table, options.imageColumn, IMAGE_COLUMNS, "images", "--image-column");
  const label = column(table, options.labelColumn, LABEL_COLUMNS, "labels", "--label-column");
  const { partitions, folds, notes: aside } = readPartitions(table, options);
  const written = fieldsOf(table, label, "label", isMissing);
  const { classes, labelOf, notes } = assignClasses(
    written,
    options.positive,
    `${tablePath}, column "${table.columns[label]}",`,
    ", or --label-column NAME for a column with two",
  );
  const votes = votesColumns(table, options, classes);
  const found = await locate(directory, table, image, options);
  const tiles = table.rows.map((row, index): Tile => {
    const vote = votes && readVotes(table, row, votes);
    return {
      ...(found[index] as Located),
      label: labelOf(written[index] as string),
      partition: partitions[index] as Partition,
      ...(folds?.[index] !== undefined && { fold: folds[index] }),
      ...(vote && { votes: vote }),
    };
  });
  const isMhist = MHIST_COLUMNS.every((name) => table.columns.includes(name));
  return {
    directory,
    name: "",
    layout: isMhist ? "mhist" : "csv",
    table: tablePath,
    classes,
    tiles,
    notes: [...aside, ...notes],
  };
}

function column(
  table: Table,
  named: string | undefined,
  known: readonly string[],
  content: string,
  option: string,
): number {
  if (named !== undefined) return namedColumn(table, named);
  const position = findColumn(table, known);
  if (position === undefined) {
    throw new InputError(
      "TABLE_COLUMN_MISSING",
      `${table.path} has no column for the ${content} that could be recognised; its columns are ${listed(table.columns)}. Name it with ${option} NAME.`,
    );
  }
  return position;
}

function fieldsOf(
  table: Table,
  position: number,
  what: string,
  isEmpty = (field: string): boolean => field === "",
): string[] {
  return table.rows.map((row) => {
    const field = row.fields[position]?.trim() ?? "";
    if (isEmpty(field)) {
      const found = field === "" ? "empty" : `missing ("${field}")`;
      throw new InputError("TABLE_FIELD_EMPTY", `${table.path}, line ${row.line}: the ${what} is ${found}.`);
    }
    return field;
  });
}

interface Located {
  readonly name: string;
  readonly path: string;
}

/** Finds the file of every row; names all missing ones together. */
async function locate(directory: string, table: Table, position: number, options: DatasetOptions): Promise<Located[]> {
  const roots = imageRoots(directory, options);
  const finder = new FileFinder();
  const lines = new Map<string, number>();
  const missing: string[] = [];
  const located: Located[] = [];
  for (const [index, written] of fieldsOf(table, position, "image name").entries()) {
    const { line } = table.rows[index] as Table["rows"][number];
    const name = safeRelativePath(written);
    if (name === undefined) {
      throw new InputError(
        "DATA_NAME_UNSAFE",
        `${table.path}, line ${line}: the image name "${written}" leads outside the data set; use names relative to it.`,
      );
    }
    const file = options.requireImages === false ? undefined : await findFile(finder, roots, name);
    if (!file && options.requireImages !== false) missing.push(name);
    const tile = file ?? { name, path: systemPath(roots[0] as string, name) };
    // By file and not as written: `a` and `a.png`, or `a.png` and `images/a.png`, may be one.
    const earlier = lines.get(tile.path);
    if (earlier !== undefined) {
      throw new InputError(
        "DATA_NAME_TWICE",
        `${table.path}: lines ${earlier} and ${line} both name ${tile.name}; remove one.`,
      );
    }
    lines.set(tile.path, line);
    located.push(tile);
  }
  if (missing.length > 0) {
    const where = roots.map((root) => relative(directory, root) || ".").join(" and ");
    throw new ImagesMissingError(
      missing.length === lines.size,
      `${missing.length} of ${lines.size} images of ${table.path} are not in ${directory} (looked in ${where}): ${listed(missing, 20)}. Put them there or name their folder with --image-folder.`,
    );
  }
  return located;
}

function imageRoots(directory: string, options: DatasetOptions): string[] {
  if (options.imageDirectory !== undefined) {
    const root = resolve(directory, options.imageDirectory);
    if (!existsSync(root))
      throw new InputError("DATA_FOLDER_MISSING", `--image-folder ${options.imageDirectory}: ${root} does not exist.`);
    return [root];
  }
  const images = join(directory, "images");
  return existsSync(images) ? [images, directory] : [directory];
}

/** The file of a name as written, or with an image ending where the table leaves it out (as PatchCamelyon's does). */
async function findFile(finder: FileFinder, roots: readonly string[], name: string): Promise<Located | undefined> {
  for (const root of roots) {
    if (await finder.isFile(root, name)) return { name, path: systemPath(root, name) };
  }
  for (const root of roots) {
    for (const extension of IMAGE_EXTENSIONS) {
      const full = `${name}${extension}`;
      if (await finder.isFile(root, full)) return { name: full, path: systemPath(root, full) };
    }
  }
  return undefined;
}
