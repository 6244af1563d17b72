/** @module Finds the columns of a table: image names, labels, votes of experts, and the scale of the images. */
import { countValues, spreadOver, upperMedian } from "../collections/index";
import { InputError } from "../errors/index";
import { parseDecimal } from "../files/index";
import { counted } from "../format/index";
import type { ImageFolder } from "./locate";
import {
  columnsNamed,
  findColumn,
  isMissing,
  listed,
  namedColumn,
  nameKey,
  positionOfName,
  quoted,
  type Table,
  type TableRow,
} from "./table";
import type { Dataset, DatasetOptions, Votes } from "./types";

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

export interface VotesColumns {
  readonly count: number;
  /** Column of the number of voters, or the number itself. */
  readonly total: { readonly column: number } | { readonly value: number };
  /** True if the column counts the votes for the negative class. */
  readonly forNegative: boolean;
}

/** MHIST's header: "Number of Annotators who Selected SSA (Out of 7)". */
function selection(header: string): { readonly selected?: string; readonly outOf?: string } {
  const [tail, outOf] = /\(out of (\d+)\)$/i.exec(header.trim()) ?? [];
  const [, selected] = tail === undefined ? [] : (/selected\s(.+)$/i.exec(header.trim().slice(0, -tail.length)) ?? []);
  return selected?.trim() && outOf !== undefined ? { selected: selected.trim(), outOf } : {};
}
const COUNT_COLUMNS = ["votes positive", "positive votes", "votes"];
const TOTAL_COLUMNS = ["votes total", "total votes", "annotators", "raters", "n votes"];

/**
 * Finds the votes of a table: the named column, MHIST's header, or `votes_positive` with `votes_total`.
 * @returns undefined without votes
 * @throws {InputError} `TABLE_VOTES_TOTAL_UNKNOWN` if the named column comes without the number of voters
 */
export function votesColumns(
  table: Table,
  options: DatasetOptions,
  classes: readonly [string, string],
): VotesColumns | undefined {
  const named = options.votesColumn === undefined ? undefined : namedColumn(table, options.votesColumn);
  const count =
    named ??
    [...table.columns.keys()].find((at) => selection(table.columns[at] as string).selected !== undefined) ??
    findColumn(table, COUNT_COLUMNS, { flag: "--votes-column" });
  if (count === undefined) return undefined;
  const { selected, outOf } = selection(table.columns[count] as string);
  const totalColumn = findColumn(table, TOTAL_COLUMNS);
  const forNegative = selected !== undefined && nameKey(selected) === nameKey(classes[0]);
  if (selected !== undefined && !forNegative && nameKey(selected) !== nameKey(classes[1])) return undefined;
  const value = options.votesTotal ?? (outOf === undefined ? undefined : Number(outOf));
  if (value !== undefined) return { count, total: { value }, forNegative };
  if (totalColumn !== undefined) return { count, total: { column: totalColumn }, forNegative };
  if (named === undefined) return undefined;
  const message = `${table.path}: the column ${quoted(table.columns[count])} does not say how many experts voted; pass --votes-total N.`;
  throw new InputError("TABLE_VOTES_TOTAL_UNKNOWN", message);
}

/** The votes of a row, if it has any. @throws {InputError} `TABLE_VOTES_RANGE`, naming the line */
export function readVotes(table: Table, row: TableRow, columns: VotesColumns): Votes | undefined {
  const field = row.fields[columns.count] ?? "";
  const ofTotal = "value" in columns.total ? String(columns.total.value) : (row.fields[columns.total.column] ?? "");
  if (isMissing(field) || isMissing(ofTotal)) return undefined;
  const total = written(ofTotal);
  const count = written(field);
  if (!Number.isInteger(total) || total < 1 || !Number.isInteger(count) || count < 0 || count > total) {
    const message = `${table.path}, line ${row.line}: ${quoted(field)} votes out of ${quoted(ofTotal)}; expected a whole number from 0 to the number of voters.`;
    throw new InputError("TABLE_VOTES_RANGE", message);
  }
  return { positive: columns.forNegative ? total - count : count, total };
}

function written(field = ""): number {
  return parseDecimal(field, { comma: true });
}

const SCALE_COLUMNS = [
  ...["mpp", "um per pixel", "µm per pixel", "um per px", "µm per px", "um px", "µm px", "pixel size", "pixel size um"],
  ...["microns per pixel", "micrometres per pixel", "micrometers per pixel", "microns per px"],
];
/** Other values are not micrometres per pixel of a microscope, but nanometres, millimetres or magnifications. */
const PLAUSIBLE = [0.05, 20] as const;
/** Scales that differ by less are equal: scanners of one kind differ by so much. */
const TOLERANCE = 1.05;

/**
 * Reads the column of micrometres per pixel, if the table has one. Images are never rescaled by it: a note says if they have
 * different scales, or if the values are of another unit or missing.
 */
export function scaleOf(table: Table): Pick<Dataset, "mpp"> & Required<Pick<Dataset, "notes">> {
  const [column] = columnsNamed(table, SCALE_COLUMNS);
  if (column === undefined) return { notes: [] };
  const name = `The column ${quoted(table.columns[column])}`;
  const fields = table.rows.map((row) => row.fields[column] ?? "");
  const written = fields.filter((field) => !isMissing(field));
  const values = written.map((field) => parseDecimal(field, { comma: true }));
  const odd = written.filter((_, i) => !isPlausible(values[i] as number));
  if (odd.length > 0) {
    const range = PLAUSIBLE.join(" to ");
    const note = `${name} does not give the images' scale: ${counted(odd.length, "value")} (such as ${quoted(odd[0])}) cannot be micrometres per pixel, which are from ${range}.`;
    return { notes: [note] };
  }
  if (values.length === 0) return { notes: [] };
  const sorted = Float64Array.from(values).sort();
  if ((sorted.at(-1) as number) > TOLERANCE * (sorted[0] as number)) {
    const scales = [...countValues(values.map(String))].sort(([, a], [, b]) => b - a);
    const shown = scales.slice(0, SHOWN).map(([scale, count]) => `${scale}: ${count}`);
    const more = scales.length > SHOWN ? ", ..." : "";
    const note = `${name} gives the images different scales in micrometres per pixel (${shown.join(", ")}${more}): the same cells have different sizes in them. They are used as they are; resample them to one scale, or keep those of one.`;
    return { notes: [note] };
  }
  const empty = fields.length - values.length;
  if (empty > 0) {
    return { notes: [`${name} gives the scale of ${counted(values.length, "image")}, but none of ${empty}.`] };
  }
  const mpp = upperMedian(values);
  return { mpp, notes: [`${name} gives ${mpp} micrometres per pixel; exported models keep it, for slides.`] };
}

const SHOWN = 4;

function isPlausible(value: number): boolean {
  return value >= PLAUSIBLE[0] && value <= PLAUSIBLE[1];
}
