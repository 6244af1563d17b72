/** @module Finds the columns of labels and of the positive class's score in any CSV. */
import {
  namedColumn as columnNamed,
  findColumn,
  positionOfName,
  quoted,
  shortened,
  soundsNegative,
  type Table,
  wordsOf,
} from "../dataset/labels/index";
import { InputError } from "../errors/index";

/** Names in order of preference. */
const PROBABILITY_NAMES = (
  "probability, positive probability, positive prob, prob positive, probability positive, p positive, " +
  "probability 1, prob 1, proba 1, p 1, p1, y score, y prob, y proba, score, prob, proba, y pred proba, " +
  "pred prob, predicted probability, percent, output, p"
).split(", ");
const LOGIT_NAMES = ["logit", "positive logit"];
const PROBABILITY_WORDS = /\b(prob|proba|probability|score)\b/;
/** Words that only say that a column is the score of a class. */
const PLAIN_WORDS = new Set(
  "p prob proba probability score confidence class label of for predicted pred prediction y softmax output percent".split(
    " ",
  ),
);

/** The names of the classes, spelled as in the file. */
export interface ClassNames {
  readonly positive: string;
  readonly others: readonly string[];
}

/**
 * Position of the column of scores: the given one, the only one with the name of the positive class, or the first with a usual name.
 * @throws {InputError} `METRICS_COLUMN`, listing the columns
 */
export function scoreColumn(table: Table, classes: ClassNames, name?: string): { column: number; logits: boolean } {
  if (name !== undefined) return { column: namedColumn(table, name, "--score"), logits: false };
  const names = table.columns.map(wordsOf);
  const wanted = wordsOf(classes.positive);
  const numbered = isNumbered(names, classes);
  const ofPositive = positions(names, (column) => isScoreOf(column, wanted) && !(numbered && /^\d+$/.test(wanted)));
  const candidates = positions(names, (column) => PROBABILITY_WORDS.test(column));
  if (ofPositive.length === 1) return { column: ofPositive[0] as number, logits: false };
  // `prob_1` is `predict_proba`'s score of the later class; with scores of several models it may be that of a model.
  const isFirst = (column: string) => /(^| |p)1$/.test(column) && (numbered || !isLast(classes));
  const possible = names.map((column) => (isOfAnother(column, classes) || isFirst(column) ? "" : column));
  const probability = positionOfName(possible, PROBABILITY_NAMES);
  if (probability !== undefined) return { column: probability, logits: false };
  const [only, ...more] = candidates;
  if (only !== undefined && more.length === 0) {
    if (possible[only] !== "") return { column: only, logits: false };
    throw notFound(
      table,
      "score",
      [],
      ` ${quoted(table.columns[only])} does not look like the probability of ${quoted(classes.positive)}: name that class's column, or the class with --positive.`,
    );
  }
  const logit = positionOfName(possible, LOGIT_NAMES);
  if (candidates.length === 0 && logit !== undefined) return { column: logit, logits: true };
  throw noScores(table, names, candidates);
}

/** True for the name of the class, alone or with words such as "probability". */
function isScoreOf(column: string, name: string): boolean {
  if (name === "" || column === name) return column === name && name !== "";
  const rest = otherWords(column, name) ?? [];
  return (
    rest.some((word) => /^(p|prob|proba|probability|score|confidence)$/.test(word)) &&
    rest.every((word) => PLAIN_WORDS.has(word))
  );
}

/** The words of a column without those of a name; undefined if it does not contain the name. */
function otherWords(column: string, name: string): string[] | undefined {
  const at = name === "" ? -1 : ` ${column} `.indexOf(` ${name} `);
  if (at < 0) return undefined;
  return `${column.slice(0, at)} ${column.slice(at + name.length)}`.split(" ").filter(Boolean);
}

/** True if a column has the name of another class or a word such as "not", unless the positive class has it too. */
function isOfAnother(column: string, { positive, others }: ClassNames): boolean {
  const wanted = wordsOf(positive);
  if (isScoreOf(column, wanted)) return false;
  const named = others.map(wordsOf).some((other) => other !== wanted && otherWords(column, other) !== undefined);
  return named || soundsNegative((otherWords(column, wanted) ?? [column]).join(" "));
}

/** True if scores have numbers that are not classes, such as those of several models: then 1 is not a class. */
function isNumbered(names: readonly string[], { positive, others }: ClassNames): boolean {
  const known = new Set([positive, ...others, "0", "1"].map(wordsOf));
  return names.some((column) => {
    if (!PROBABILITY_WORDS.test(column)) return false;
    const numbers = column.split(" ").filter((word) => /^\d+$/.test(word));
    return numbers.length === 1 && !known.has(numbers[0] as string);
  });
}

/** True if the positive class is the last in the order of `predict_proba`. */
function isLast({ positive, others }: ClassNames): boolean {
  return others.every((other) => other.toLowerCase() < positive.toLowerCase());
}

function noScores(table: Table, names: readonly string[], candidates: readonly number[]): InputError {
  const [decided] = positions(names, (column) => /\b(pred|prediction|predicted)\b/.test(column));
  const areNumbers = decided !== undefined && /^[01](\.0*)?$/.test(table.rows[0]?.fields[decided] ?? "");
  const advice = areNumbers
    ? ` Does ${quoted(table.columns[decided])} contain predicted classes? Give --score ${shortened(table.columns[decided])} to measure these.`
    : "";
  return notFound(table, "score", candidates, advice);
}

/** Names in order of preference. */
const LABEL_NAMES = (
  "label, true label, y true, target, ground truth, majority vote label, class, true class, actual, " +
  "truth, gt, y, y test, diagnosis"
).split(", ");

/** Position of the column of labels: the given one, or one with a usual name. @throws {InputError} `METRICS_COLUMN`, listing the columns */
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

function positions(names: readonly string[], accept: (name: string) => boolean): number[] {
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
function notFound(table: Table, what: "label" | "score", candidates: readonly number[], advice = ""): InputError {
  const names = candidates.map((i) => table.columns[i]);
  const reason =
    names.length > 1
      ? `several columns could be the ${what} (${names.slice(0, MOST).map(shortened).join(", ")})`
      : `no ${what} column found`;
  const headless = table.columns.some((name) => name !== "" && Number.isFinite(Number(name)));
  const hint = headless ? " The first line looks like data: is the header missing?" : advice;
  const message = `${table.path}: ${reason}; name it with --${what}. ${columnList(table)}${hint}`;
  return new InputError("METRICS_COLUMN", message);
}

/** Most names of columns in an error. */
const MOST = 40;

function columnList(table: Table): string {
  const names = table.columns.map((name) => (name === "" ? "(no name)" : shortened(name)));
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : "";
  return `Its columns are: ${names.slice(0, MOST).join(", ")}${more}.`;
}
