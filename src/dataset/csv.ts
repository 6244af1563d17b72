/** @module Reads data sets described by a CSV table of images and labels, such as MHIST's `annotations.csv`. */
import { InputError } from "../errors/index";
import { assignClasses } from "./classes";
import { imageColumn, labelColumn } from "./columns";
import { groupNotes, readGroupColumn } from "./groups";
import { ImageFolder, type Located, locateImages } from "./locate";
import type { DatasetOptions } from "./options";
import { readPartitions } from "./partitions";
import { scaleOf } from "./scale-column";
import { isMissing, quoted, readTable, type Table } from "./table";
import type { Dataset, Partition, Tile } from "./types";
import { readVotes, votesColumns } from "./votes";

const MHIST_COLUMNS = ["Image Name", "Majority Vote Label", "Partition"];

/** Reads a data set described by a table. */
export async function loadCsv(directory: string, tablePath: string, options: DatasetOptions): Promise<Dataset> {
  const table = await readTable(tablePath);
  const folder = new ImageFolder(directory, options);
  const { column: image, notes: ofImages } = await imageColumn(table, options, folder);
  const { column: label, notes: ofLabels } = labelColumn(table, options, image);
  const { partitions, folds, notes: aside } = readPartitions(table, options);
  const written = fieldsOf(table, label, "label", isMissing);
  const { classes, labelOf, notes } = assignClasses(
    written,
    options.positive,
    `${tablePath}, column ${quoted(table.columns[label])},`,
    ", or --label-column NAME for a column with two",
  );
  const groups = readGroupColumn(table, options);
  const votes = votesColumns(table, options, classes);
  const names = fieldsOf(table, image, "image name");
  const named = table.rows.map(({ line }, row) => ({ name: names[row] as string, line }));
  const found = await locateImages(folder, table.path, named);
  const tiles = table.rows.map((row, index): Tile => {
    const vote = votes && readVotes(table, row, votes);
    return {
      ...(found[index] as Located),
      label: labelOf(written[index] as string),
      partition: partitions[index] as Partition,
      ...(groups?.groups[index] !== undefined && { group: groups.groups[index] }),
      ...(folds?.[index] !== undefined && { fold: folds[index] }),
      ...(vote && { votes: vote }),
    };
  });
  const scale = scaleOf(table);
  const isMhist = MHIST_COLUMNS.every((name) => table.columns.includes(name));
  return {
    directory,
    name: "",
    layout: isMhist ? "mhist" : "csv",
    table: tablePath,
    classes,
    tiles,
    ...(scale.mpp !== undefined && { mpp: scale.mpp }),
    notes: [
      ...ofImages,
      ...ofLabels,
      ...aside,
      ...(groups ? groupNotes({ tiles }, groups, options) : []),
      ...scale.notes,
      ...(await folder.notesOnUnnamed(tiles, table.path)),
      ...notes,
    ],
  };
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
      const found = field === "" ? "empty" : `missing (${quoted(field)})`;
      throw new InputError("TABLE_FIELD_EMPTY", `${table.path}, line ${row.line}: the ${what} is ${found}.`);
    }
    return field;
  });
}
