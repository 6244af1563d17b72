/** @module Reads labels and scores from any CSV: columns are given or found, labels are 0 and 1 or class names. */
import {
  checkLetters,
  classKey,
  classSpelling,
  isMissing,
  nameKey,
  notesOnOrder,
  quoted,
  readGroupColumn,
  readTable,
  shortened,
  type Table,
} from "../dataset/labels/index";
import { InputError } from "../errors/index";
import { parseDecimal } from "../files/index";
import { counted } from "../format/index";
import { type RowGroups, rowGroups } from "./row-groups";
import { type ClassNames, labelColumn, namedColumn, scoreColumn } from "./score-columns";

export interface ScoredTableOptions {
  /** Name of the column of true labels. Default: the one with a usual name. */
  readonly label?: string | undefined;
  /** Name of the column of scores. Default: the one with a usual name. */
  readonly score?: string | undefined;
  /** Name of the positive class. Default: the alphabetically later of two. */
  readonly positive?: string | undefined;
  /** Name of the column of patients or slides, `none` for none. Default: the one with a usual name. */
  readonly group?: string | undefined;
  /** Scores are logits, any finite number. */
  readonly logits?: boolean | undefined;
  /** Scores are percentages, 0 to 100. Default: if the column's name says so. */
  readonly percent?: boolean | undefined;
}

/** The labels and scores, and their columns. */
export interface ScoredTable {
  /** 1 for the positive class. */
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly logits: boolean;
  readonly columns: { readonly label: string; readonly score: string; readonly group?: string };
  /** Groups of dependent rows, if there is a column of them. */
  readonly groups?: RowGroups;
  /** The positive class, spelled as in the file (`1` for labels 0 and 1). */
  readonly positive: string;
  /** Messages to the user about how the file was read. */
  readonly notes: readonly string[];
}

/**
 * Reads a CSV of labels and scores. @throws {InputError} `TABLE_*` for the file, `METRICS_COLUMN` for a missing column, `METRICS_ROWS` for
 * unusable rows (with their line numbers), `METRICS_CLASSES` unless there are two classes
 */
export async function readScoredTable(path: string, options: ScoredTableOptions = {}): Promise<ScoredTable> {
  const table = await readTable(path);
  const labelAt = labelColumn(table, options.label);
  const problems: Problem[] = [];
  const keys = table.rows.map(({ fields }) => keyOf(fields[labelAt] ?? ""));
  const { positive, others, binary, notes } = findClasses(table, keys, labelAt, options.positive);
  const positiveKey = classKey(positive);
  const score = scoreColumn(table, { positive, others }, options.score);
  const logits = options.logits ?? score.logits;
  const percent = options.percent ?? (!logits && /%|percent/i.test(table.columns[score.column] ?? ""));
  const labels = new Uint8Array(keys.length);
  const scores = new Float64Array(keys.length);
  table.rows.forEach(({ fields, line }, i) => {
    const key = keys[i] as string;
    const text = fields[score.column] ?? "";
    const value = scoreOf(text, percent);
    labels[i] = key === positiveKey ? 1 : 0;
    scores[i] = value;
    const label = fields[labelAt] ? `the label is ${quoted(fields[labelAt])}` : "the label is empty";
    if (key === "") problems.push({ line, says: label });
    else if (binary && key !== "0" && key !== "1") problems.push({ line, says: label, isOtherClass: true });
    else if (text === "") problems.push({ line, says: "the score is empty" });
    else if (!Number.isFinite(value)) problems.push({ line, says: `the score is ${quoted(text)}` });
    else if (!logits && (value < 0 || value > 1))
      problems.push({ line, says: `the score ${text} is not from 0 to ${percent ? 100 : 1}`, value });
  });
  if (problems.length > 0) throw unusable(table, problems);
  const columns = { label: table.columns[labelAt] ?? "", score: table.columns[score.column] ?? "" };
  const found = groupColumn(table, options.group, [labelAt, score.column]);
  const groups = found && rowGroups(found.groups);
  const grouped = groups && { columns: { ...columns, group: found.column }, groups };
  return { labels, scores, logits, columns, positive, notes: [...notes, ...notesOnGroups(found)], ...grouped };
}

function notesOnGroups(found: ReturnType<typeof groupColumn>): string[] {
  const without = found?.groups.filter((group) => group === undefined).length ?? 0;
  if (!found || without === 0) return [];
  const rows = counted(without, "row");
  return [
    `No ${quoted(found.column)} is given for ${rows}: each counts as a group of its own, although some may belong together.`,
  ];
}

const GROUP_FLAG = "--group";

/** The groups of the rows. @param taken columns with another meaning, which only an error of the user names */
function groupColumn(table: Table, name: string | undefined, taken: readonly number[]) {
  const others = { ...table, columns: table.columns.map((column, at) => (taken.includes(at) ? "" : column)) };
  if (name === undefined || nameKey(name) === "none") return readGroupColumn(others, { groupColumn: name }, GROUP_FLAG);
  const column = table.columns[namedColumn(table, name, GROUP_FLAG)] as string;
  if (others.columns.includes(column)) return readGroupColumn(others, { groupColumn: column }, GROUP_FLAG);
  const message = `${quoted(column)} (${GROUP_FLAG}) is the column of labels or scores: name that of patients or slides, or none.`;
  throw new InputError("METRICS_COLUMN", message);
}

/** Reads `0.25`, `0,25` and `25 %` as the same number; NaN for anything else. */
function scoreOf(text: string, percent: boolean): number {
  const sign = text.endsWith("%");
  return parseDecimal(sign ? text.slice(0, -1) : text, { comma: true, tens: sign || percent ? -2 : 0 });
}

/** The key of a label; empty for a missing one. */
function keyOf(label: string): string {
  return isMissing(label) ? "" : classKey(label);
}

/** The classes, and whether they are 0 and 1. Any other two labels are two classes, the alphabetically later one positive. */
function findClasses(
  table: Table,
  keys: readonly string[],
  labelAt: number,
  wanted?: string,
): ClassNames & { readonly binary: boolean; readonly notes: readonly string[] } {
  const first = new Map<string, { readonly name: string; readonly line: number }>();
  keys.forEach((key, i) => {
    const row = table.rows[i] as Table["rows"][number];
    if (key === "" || first.has(key)) return;
    checkLetters(key, `${table.path}, line ${row.line},`);
    first.set(key, { name: classSpelling(row.fields[labelAt] ?? ""), line: row.line });
  });
  const distinct = [...first.keys()].sort();
  const classes = (positive: string, binary = false) => {
    const others = distinct.filter((key) => key !== classKey(positive)).map((key) => first.get(key)?.name ?? key);
    const name = first.get(classKey(positive))?.name ?? positive;
    const [other] = others;
    const isChosenByName = wanted === undefined && !binary && other !== undefined;
    return { positive: name, others, binary, notes: isChosenByName ? notesOnOrder(other, name) : [] };
  };
  // If there is only one class, it may be the negative one.
  if (wanted !== undefined && (first.has(classKey(wanted)) || distinct.length === 1)) return classes(wanted);
  const isBinary = distinct.length === 1 ? /^[01]$/.test(distinct[0] as string) : first.has("0") && first.has("1");
  if (wanted === undefined && isBinary) return classes("1", true);
  if (wanted === undefined && distinct.length === 2) return classes(distinct[1] as string);
  const found = [...first.values()].slice(0, 8).map(({ name, line }) => `${shortened(name)} (line ${line})`);
  const list = `${found.join(", ")}${first.size > 8 ? `, and ${first.size - 8} more` : ""}`;
  const column = `column ${quoted(table.columns[labelAt])} of ${table.path}`;
  throw new InputError(
    "METRICS_CLASSES",
    wanted === undefined
      ? `${column.replace("c", "C")} must hold 0 and 1 or two class names (or give --positive NAME); it holds ${list}.`
      : `--positive ${wanted}: ${column} holds ${list}.`,
  );
}

/** Why a row cannot be used. */
interface Problem {
  readonly line: number;
  readonly says: string;
  /** A number that is not a probability. */
  readonly value?: number;
  readonly isOtherClass?: true;
}

function unusable(table: Table, problems: readonly Problem[]): InputError {
  const rows = counted(problems.length, "row");
  const shown = problems.slice(0, 5).map(({ line, says }) => `line ${line}: ${says}`);
  const more = problems.length > 5 ? `; and ${problems.length - 5} more` : "";
  const message = `${table.path}: ${rows} of ${table.rows.length} cannot be used: ${shown.join("; ")}${more}.${hintOn(problems)}`;
  return new InputError("METRICS_ROWS", message);
}

function hintOn(problems: readonly Problem[]): string {
  if (problems.some(({ isOtherClass }) => isOtherClass)) {
    return " Correct them, or give --positive NAME if there are more than two classes.";
  }
  const values = problems.flatMap(({ value }) => value ?? []).sort((a, b) => a - b);
  const [lowest, highest] = [values[0], values.at(-1)];
  if (lowest === undefined || highest === undefined) return "";
  return lowest >= 0 && highest > 20 && highest <= 100
    ? " Give --percent if scores are percentages, --logits if they are logits."
    : " Give --logits if scores are logits.";
}
