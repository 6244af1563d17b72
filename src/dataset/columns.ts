/** @module Finds the columns of image names and of labels in a table. */
import { spreadOver } from "../collections/index";
import { InputError } from "../errors/index";
import type { ImageFolder } from "./locate";
import type { DatasetOptions } from "./options";
import { columnsNamed, listed, namedColumn, positionOfName, quoted, type Table } from "./table";

/** Usual names of the column of images, in order of preference. */
export const IMAGE_COLUMNS = [
  "image",
  "image name",
  "filename",
  "file name",
  "file",
  "image file",
  "path",
  "image path",
  "file path",
  "img",
  "img name",
  "img path",
  "name",
  "image id",
  "id",
  "tile",
  "tile name",
  "tile path",
  "patch",
  "patch name",
  "patch path",
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

/** Number of rows that are checked to find the column of image names. */
const SAMPLE = 100;

/** A column, with notes if another one could be meant. */
export interface ChosenColumn {
  readonly column: number;
  readonly notes: readonly string[];
}

/**
 * The column of image names: the given one, or among those with a usual name, the one that names the most images.
 * @throws {InputError} `TABLE_COLUMN_MISSING`, `TABLE_COLUMN_AMBIGUOUS`
 */
export async function imageColumn(table: Table, options: DatasetOptions, folder: ImageFolder): Promise<ChosenColumn> {
  if (options.imageColumn !== undefined) return { column: namedColumn(table, options.imageColumn), notes: [] };
  const [first, ...others] = candidates(table, IMAGE_COLUMNS, "images", "--image-column");
  if (others.length === 0) return { column: first, notes: [] };
  let best = { column: first, hits: -1 };
  for (const column of [first, ...others]) {
    const hits = await hitsOf(table, column, folder);
    if (hits > best.hits) best = { column, hits };
  }
  const notes = [
    `Images are named by the column ${quoted(table.columns[best.column])}, not by ${quoted(table.columns[first])}.`,
  ];
  return { column: best.column, notes: best.column === first ? [] : notes };
}

async function hitsOf({ rows }: Table, column: number, folder: ImageFolder): Promise<number> {
  let hits = 0;
  for (const { fields } of spreadOver(rows, SAMPLE)) {
    const name = fields[column] ?? "";
    if (name !== "" && (await folder.filesOf(name)).length === 1) hits++;
  }
  return hits;
}

/**
 * The column of labels: the given one, or the first with a usual name. A note lists others that label the images differently.
 * @throws {InputError} `TABLE_COLUMN_MISSING`, `TABLE_COLUMN_AMBIGUOUS`
 */
export function labelColumn(table: Table, options: DatasetOptions, image: number): ChosenColumn {
  if (options.labelColumn !== undefined) return { column: namedColumn(table, options.labelColumn), notes: [] };
  const x = positionOfName(table.columns, ["x"]);
  // Next to x, y is a place.
  const names = x === undefined || x === image ? LABEL_COLUMNS : LABEL_COLUMNS.filter((name) => name !== "y");
  const [column, ...others] = candidates(table, names, "labels", "--label-column", image);
  const different = others
    .filter((other) => !splitsAlike(table, column, other))
    .map((at) => table.columns[at] as string);
  const note = `Labels are taken from the column ${quoted(table.columns[column])}; ${listed(different)} could be meant too (--label-column).`;
  return { column, notes: different.length === 0 ? [] : [note] };
}

function candidates(
  table: Table,
  names: readonly string[],
  content: string,
  flag: string,
  except?: number,
): [number, ...number[]] {
  const [first, ...others] = columnsNamed(table, names, { flag }).filter((column) => column !== except);
  if (first === undefined) {
    const message = `${table.path} has no column for the ${content} that could be recognised; its columns are ${listed(table.columns)}. Name it with ${flag} NAME.`;
    throw new InputError("TABLE_COLUMN_MISSING", message);
  }
  return [first, ...others];
}

/** True if rows with equal values in one column have equal values in the other, such as `HP` and `SSA` for 0 and 1. */
function splitsAlike({ rows }: Table, a: number, b: number): boolean {
  const pairs = new Set(rows.map(({ fields }) => JSON.stringify([fields[a], fields[b]])));
  const values = (column: number) => new Set(rows.map(({ fields }) => fields[column])).size;
  return pairs.size === values(a) && pairs.size === values(b);
}
