/** @module Data sets described by a CSV table of images and labels; MHIST's `annotations.csv` is one of them. */
import { InputError } from "../errors/index";
import { assignClasses } from "./classes";
import { type Located, locateImages, type NamedImage } from "./locate";
import type { DatasetOptions } from "./options";
import { readPartitions } from "./partitions";
import { findColumn, isMissing, listed, namedColumn, readTable, type Table } from "./table";
import type { Dataset, Partition, Tile } from "./types";
import { readVotes, votesColumns } from "./votes";

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
  const named = fieldsOf(table, image, "image name").map(
    (name, row): NamedImage => ({ name, line: lineOf(table, row) }),
  );
  const found = await locateImages(directory, table.path, named, options);
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

function lineOf({ rows }: Table, row: number): number {
  return rows[row]?.line ?? 0;
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
