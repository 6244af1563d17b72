/** @module Reads data sets described by a CSV table of images and labels, such as MHIST's `annotations.csv`. */
import { InputError } from "../errors/index";
import { counted } from "../format/index";
import { assignClasses } from "./classes";
import { imageColumn, labelColumn, readVotes, scaleOf, votesColumns } from "./columns";
import { groupNotes, readGroupColumn } from "./groups";
import { ImageFolder, type Located, locateImages } from "./locate";
import { partitionsOfFolders, readPartitions, type TablePartitions } from "./partitions";
import { isMissing, quoted, readTable, type Table } from "./table";
import type { DatasetOptions, Reading, Tile, UnnamedDataset } from "./types";

const MHIST_COLUMNS = ["Image Name", "Majority Vote Label", "Partition"];

export async function loadCsv(
  directory: string,
  tablePath: string,
  options: DatasetOptions,
  reading: Reading,
): Promise<UnnamedDataset> {
  const table = await readTable(tablePath);
  const folder = new ImageFolder(directory, options);
  const { column: image, notes: ofImages } = await imageColumn(table, options, folder);
  const { column: label, notes: ofLabels } = labelColumn(table, options, image);
  const groups = readGroupColumn(table, options, undefined, reading);
  const marked = readPartitions(table, options, [image, label, groups?.position]);
  const written = fieldsOf(table, label, "label", isMissing);
  const { labelOf, notes, ...assigned } = assignClasses(
    written,
    options.positive,
    `${tablePath}, column ${quoted(table.columns[label])},`,
    ", or --label-column NAME for a column with two",
  );
  const votes = votesColumns(table, options, assigned.classes);
  const names = fieldsOf(table, image, "image name");
  const named = table.rows.map(({ line }, row) => ({ name: names[row] as string, line }));
  const found = await locateImages(folder, table.path, named);
  const { partitions, folds, notes: aside } = withFolders(marked, found, options);
  const tiles = table.rows.map((row, index): Tile => {
    const vote = votes && readVotes(table, row, votes);
    return {
      ...(found[index] as Located),
      label: labelOf(written[index] as string),
      partition: partitions?.[index] ?? "train",
      ...(groups?.groups[index] !== undefined && { group: groups.groups[index] }),
      ...(folds?.[index] !== undefined && { fold: folds[index] }),
      ...(vote && { votes: vote }),
    };
  });
  const scale = scaleOf(table);
  const isMhist = MHIST_COLUMNS.every((name) => table.columns.includes(name));
  return {
    directory,
    layout: isMhist ? "mhist" : "csv",
    table: tablePath,
    ...assigned,
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

/** The partitions of a table, or those in the paths of its images if it has no column of them. */
function withFolders(
  marked: TablePartitions,
  images: readonly Located[],
  { partitionColumn }: DatasetOptions,
): TablePartitions {
  if (marked.partitions !== undefined || partitionColumn !== undefined) return marked;
  const partitions = partitionsOfFolders(images.map(({ name }) => name));
  if (partitions === undefined) return marked;
  const note = "Partitions are taken from the folders of the images (--partition-column none turns this off).";
  return { ...marked, partitions, notes: [...marked.notes, note] };
}

/** The fields of a column. @throws {InputError} `TABLE_FIELD_EMPTY`, naming the first line without one, and their number */
function fieldsOf(
  { path, rows }: Table,
  position: number,
  what: string,
  isEmpty = (field: string): boolean => field === "",
): string[] {
  const fields = rows.map((row) => row.fields[position]?.trim() ?? "");
  const [first, ...more] = [...fields.keys()].filter((row) => isEmpty(fields[row] as string));
  if (first === undefined) return fields;
  const found = fields[first] === "" ? "empty" : `missing (${quoted(fields[first])})`;
  const others = more.length > 0 ? `, and so are those of ${counted(more.length, "further line")}` : "";
  const message = `${path}, line ${rows[first]?.line}: the ${what} is ${found}${others}; fill it in, or remove the line.`;
  throw new InputError("TABLE_FIELD_EMPTY", message);
}
