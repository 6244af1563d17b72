/** @module Finds columns of any CSV by their names, such as that of the true labels. */
import { namedColumn as columnNamed, findColumn, quoted, type Table, wordsOf } from "../dataset/labels/index";
import { InputError } from "../errors/index";

/** Names in order of preference. */
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

/**
 * Position of the column of true labels: the given one, or the first with a usual name.
 * @throws {InputError} `METRICS_COLUMN`, listing the columns
 */
export function labelColumn(table: Table, name?: string): number {
  if (name !== undefined) return namedColumn(table, name, "--label");
  const usual = findColumn(table, LABEL_NAMES, { flag: "--label" });
  if (usual !== undefined) return usual;
  const candidates = positions(
    table.columns.map(wordsOf),
    (column) => /\b(label|truth|target)\b/.test(column) && !/pred/.test(column),
  );
  if (candidates.length === 1) return candidates[0] as number;
  throw notFound(table, "label", candidates);
}

export function positions(names: readonly string[], accept: (name: string) => boolean): number[] {
  return names.flatMap((name, i) => (accept(name) ? [i] : []));
}

/** Position of a column that the user named with an option. @throws {InputError} `METRICS_COLUMN` */
export function namedColumn(table: Table, name: string, option: string): number {
  const exact = table.columns.includes(name);
  const found = exact ? columnNamed(table, name) : findColumn(table, [name]);
  if (found !== undefined) return found;
  const message = `${table.path} has no column ${quoted(name)} (${option}). ${columnList(table)}`;
  throw new InputError("METRICS_COLUMN", message);
}

/** The error for a column that must be named. @param candidates possible columns @param advice a further sentence */
export function notFound(
  table: Table,
  what: "label" | "score",
  candidates: readonly number[],
  advice = "",
): InputError {
  const names = candidates.map((i) => table.columns[i]);
  const reason =
    names.length > 1
      ? `several columns could be the ${what} (${names
          .slice(0, MOST)
          .map((name) => quoted(name).slice(1, -1))
          .join(", ")})`
      : `no ${what} column found`;
  const headless = table.columns.some((name) => name !== "" && Number.isFinite(Number(name)));
  const hint = headless ? " The first line looks like data: is the header missing?" : advice;
  const message = `${table.path}: ${reason}; name it with --${what}. ${columnList(table)}${hint}`;
  return new InputError("METRICS_COLUMN", message);
}

/** Most names of columns in an error. */
const MOST = 40;

function columnList(table: Table): string {
  const names = table.columns.map((name) => (name === "" ? "(no name)" : quoted(name).slice(1, -1)));
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : "";
  return `Its columns are: ${names.slice(0, MOST).join(", ")}${more}.`;
}
