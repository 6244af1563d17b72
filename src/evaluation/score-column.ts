/** @module Which column of somebody's CSV holds the score of the positive class, and not that of the other one. */
import { positionOfName, quoted, type Table, wordsOf } from "../dataset/labels/index";
import type { InputError } from "../errors/index";
import { namedColumn, notFound, positions } from "./columns";

/** Names in order of preference. */
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
const PROBABILITY_WORDS = /\b(prob|proba|probability|score)\b/;
/** Words that say no more than that a column is the score of a class. */
const PLAIN_WORDS = new Set(
  "p prob proba probability score confidence class label of for predicted pred prediction y softmax output percent".split(
    " ",
  ),
);
/** Words of columns that hold the score of what is not the positive class, unless its name has them. */
const NEGATING_WORDS = new Set("0 no non not without negative neg other rest normal benign healthy control".split(" "));

/** The names of the classes, as the file writes them. */
export interface ClassNames {
  readonly positive: string;
  readonly others: readonly string[];
}

/**
 * Position of the column of scores: the one named, or the only one that bears the name of the positive class (alone or with
 * "probability" and the like), or the first with a usual name for a probability, or logits. Never one that bears the name of
 * another class.
 * @throws {InputError} `METRICS_COLUMN`, listing the columns that exist
 */
export function scoreColumn(table: Table, classes: ClassNames, name?: string): { column: number; logits: boolean } {
  if (name !== undefined) return { column: namedColumn(table, name, "--score"), logits: false };
  const names = table.columns.map(wordsOf);
  const wanted = wordsOf(classes.positive);
  const numbered = isNumbered(names, classes);
  const ofPositive = positions(names, (column) => isScoreOf(column, wanted) && !(numbered && /^\d+$/.test(wanted)));
  const candidates = positions(names, (column) => PROBABILITY_WORDS.test(column));
  if (ofPositive.length === 1) return { column: ofPositive[0] as number, logits: false };
  // `prob_1` is what `predict_proba` gives the later class; among several models' scores it may be anything.
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

/** True for the class's name alone, or with words such as "probability". */
function isScoreOf(column: string, name: string): boolean {
  if (name === "" || column === name) return column === name && name !== "";
  const rest = wordsBeside(column, name) ?? [];
  return (
    rest.some((word) => /^(p|prob|proba|probability|score|confidence)$/.test(word)) &&
    rest.every((word) => PLAIN_WORDS.has(word))
  );
}

/** The words of a column beside a name; undefined where it does not have the name. */
function wordsBeside(column: string, name: string): string[] | undefined {
  const at = name === "" ? -1 : ` ${column} `.indexOf(` ${name} `);
  if (at < 0) return undefined;
  return `${column.slice(0, at)} ${column.slice(at + name.length)}`.split(" ").filter(Boolean);
}

/** True where a column bears the name of another class, or says that it is not the positive one's. */
function isOfAnother(column: string, { positive, others }: ClassNames): boolean {
  const wanted = wordsOf(positive);
  if (isScoreOf(column, wanted)) return false;
  const named = others.map(wordsOf).some((other) => other !== wanted && wordsBeside(column, other) !== undefined);
  return named || (wordsBeside(column, wanted) ?? column.split(" ")).some((word) => NEGATING_WORDS.has(word));
}

/** True where scores are numbered beyond the classes, as several models' are: a 1 among them is no class. */
function isNumbered(names: readonly string[], { positive, others }: ClassNames): boolean {
  const known = new Set([positive, ...others, "0", "1"].map(wordsOf));
  return names.some((column) => {
    if (!PROBABILITY_WORDS.test(column)) return false;
    const numbers = column.split(" ").filter((word) => /^\d+$/.test(word));
    return numbers.length === 1 && !known.has(numbers[0] as string);
  });
}

/** True where the positive class is the last in the order of `predict_proba`. */
function isLast({ positive, others }: ClassNames): boolean {
  return others.every((other) => other.toLowerCase() < positive.toLowerCase());
}

function noScores(table: Table, names: readonly string[], candidates: readonly number[]): InputError {
  const [decided] = positions(names, (column) => /\b(pred|prediction|predicted)\b/.test(column));
  const areNumbers = decided !== undefined && /^[01](\.0*)?$/.test(table.rows[0]?.fields[decided] ?? "");
  const advice = areNumbers
    ? ` Does ${quoted(table.columns[decided])} hold predicted classes? Give --score ${quoted(table.columns[decided]).slice(1, -1)} to measure these.`
    : "";
  return notFound(table, "score", candidates, advice);
}
