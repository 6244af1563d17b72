/** @module Which column of somebody's CSV holds the true label and which the score of the positive class. */
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
const PROBABILITY_NAMES = [
  "probability",
  "positive probability",
  "positive prob",
  "prob positive",
  "probability positive",
  "p positive",
  "probability 1",
  "prob 1",
  "proba 1",
  "p 1",
  "p1",
  "y score",
  "y prob",
  "y proba",
  "score",
  "prob",
  "proba",
  "y pred proba",
  "pred prob",
  "predicted probability",
  "percent",
  "output",
  "p",
];
const LOGIT_NAMES = ["logit", "positive logit"];

/** A name without case, punctuation and plural: `Image Name`, `imageName` and `image_names` alike become `image name`. */
function plain(name: string): string {
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

/**
 * Position of the column of scores: the one named, or the only one that bears the name of the positive class (alone or with
 * "probability" and the like), or the first with a usual name for a probability, or logits.
 * @throws {InputError} `METRICS_COLUMN`, listing the columns that exist
 */
export function scoreColumn(table: Table, positive: string, name?: string): { column: number; logits: boolean } {
  if (name !== undefined) return { column: namedColumn(table, name, "--score"), logits: false };
  const plainNames = table.columns.map(plain);
  const wanted = plain(positive);
  const ofPositive = positions(plainNames, (column) => {
    const probable = /\b(p|prob|proba|probability|score|confidence)\b/.test(column);
    return wanted !== "" && (column === wanted || (probable && ` ${column} `.includes(` ${wanted} `)));
  });
  if (ofPositive.length === 1) return { column: ofPositive[0] as number, logits: false };
  const probability = firstOf(plainNames, PROBABILITY_NAMES);
  if (probability !== undefined) return { column: probability, logits: false };
  const candidates = positions(plainNames, (column) => /\b(prob|proba|probability|score)\b/.test(column));
  if (candidates.length === 1) return { column: candidates[0] as number, logits: false };
  const logit = firstOf(plainNames, LOGIT_NAMES);
  if (candidates.length === 0 && logit !== undefined) return { column: logit, logits: true };
  throw notFound(table, "score", candidates);
}

function positions(names: readonly string[], accept: (name: string) => boolean): number[] {
  return names.flatMap((name, i) => (accept(name) ? [i] : []));
}

function firstOf(names: readonly string[], wanted: readonly string[]): number | undefined {
  const found = wanted.map(plain).find((name) => names.includes(name));
  return found === undefined ? undefined : names.indexOf(found);
}

function namedColumn(table: Table, name: string, option: string): number {
  const exact = table.columns.indexOf(name);
  if (exact >= 0) return exact;
  const alike = positions(table.columns, (column) => plain(column) === plain(name));
  if (alike.length === 1) return alike[0] as number;
  throw new InputError("METRICS_COLUMN", `${table.path} has no column "${name}" (${option}). ${columnList(table)}`);
}

function notFound(table: Table, what: "label" | "score", candidates: readonly number[]): InputError {
  const names = candidates.map((i) => table.columns[i]);
  const reason =
    names.length > 1 ? `several columns could be the ${what} (${names.join(", ")})` : `no ${what} column found`;
  const headless = table.columns.some((name) => name !== "" && Number.isFinite(Number(name)));
  const hint = headless ? " The first line looks like data: is the header missing?" : "";
  return new InputError(
    "METRICS_COLUMN",
    `${table.path}: ${reason}; name it with --${what}. ${columnList(table)}${hint}`,
  );
}

function columnList(table: Table): string {
  return `Its columns are: ${table.columns.map((name) => name || "(no name)").join(", ")}.`;
}
