/** @module Finding columns of somebody's CSV by their names, and which holds the true label. */
import type { Table } from "../dataset/table";
import { InputError } from "../errors/index";

/** Names in order of preference, written in lower case with single spaces. */
const LABEL_NAMES = [
  "label",
  "true label",
  "y true",
  "target",
  "ground truth",
  "majority vote label",
  "class",
  "true class",
  "actual",
  "truth",
  "gt",
  "y",
  "y test",
  "diagnosis",
];

/** A name without case, punctuation and plural: `Image Name`, `imageName` and `image_names` alike become `image name`. */
export function plain(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .replace(/ies\b/g, "y")
    .replace(/([^s ])s\b/g, "$1")
    .trim();
}

/**
 * Position of the column of true labels: the one named, or the first with a usual name.
 * @throws {InputError} `METRICS_COLUMN`, listing the columns that exist
 */
export function labelColumn(table: Table, name?: string): number {
  if (name !== undefined) return namedColumn(table, name, "--label");
  const plainNames = table.columns.map(plain);
  const usual = firstOf(plainNames, LABEL_NAMES);
  if (usual !== undefined) return usual;
  const candidates = positions(plainNames, (column) => /\b(label|truth|target)\b/.test(column) && !/pred/.test(column));
  if (candidates.length === 1) return candidates[0] as number;
  throw notFound(table, "label", candidates);
}

/** Positions of the names that are accepted. */
export function positions(names: readonly string[], accept: (name: string) => boolean): number[] {
  return names.flatMap((name, i) => (accept(name) ? [i] : []));
}

/** Position of the first of the wanted names that is there. @param names plain ones */
export function firstOf(names: readonly string[], wanted: readonly string[]): number | undefined {
  const found = wanted.map(plain).find((name) => names.includes(name));
  return found === undefined ? undefined : names.indexOf(found);
}

/** Position of a column that the user named with an option. @throws {InputError} `METRICS_COLUMN` */
export function namedColumn(table: Table, name: string, option: string): number {
  const exact = table.columns.indexOf(name);
  if (exact >= 0) return exact;
  const alike = positions(table.columns, (column) => plain(column) === plain(name));
  if (alike.length === 1) return alike[0] as number;
  throw new InputError("METRICS_COLUMN", `${table.path} has no column "${name}" (${option}). ${columnList(table)}`);
}

/** The error for a column that must be named. @param candidates columns that it could be @param advice a sentence more */
export function notFound(
  table: Table,
  what: "label" | "score",
  candidates: readonly number[],
  advice = "",
): InputError {
  const names = candidates.map((i) => table.columns[i]);
  const reason =
    names.length > 1 ? `several columns could be the ${what} (${names.join(", ")})` : `no ${what} column found`;
  const headless = table.columns.some((name) => name !== "" && Number.isFinite(Number(name)));
  const hint = headless ? " The first line looks like data: is the header missing?" : advice;
  return new InputError(
    "METRICS_COLUMN",
    `${table.path}: ${reason}; name it with --${what}. ${columnList(table)}${hint}`,
  );
}

function columnList(table: Table): string {
  return `Its columns are: ${table.columns.map((name) => name || "(no name)").join(", ")}.`;
}
