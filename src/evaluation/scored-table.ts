/** @module Reads labels and scores from any CSV: columns are given or found, labels are 0 and 1 or class names. */
import {
  checkLetters,
  classKey,
  classSpelling,
  isMissing,
  nameKey,
  quoted,
  readGroupColumn,
  readTable,
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
}

/**
 * Reads a CSV of labels and scores. @throws {InputError} `TABLE_*` for the file, `METRICS_COLUMN` for a missing column, `METRICS_ROWS` for
 * unusable rows (with their line numbers), `METRICS_CLASSES` unless there are two classes
 */
export async function readScoredTable(path: string, options: ScoredTableOptions = {}): Promise<ScoredTable> {
  const table = await readTable(path);
  const labelAt = labelColumn(table, options.label);
  const problems = new Problems(table);
  const keys = table.rows.map(({ fields }) => keyOf(fields[labelAt] ?? ""));
  const { positive, others, binary } = findClasses(table, keys, labelAt, options.positive);
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
    if (key === "")
      problems.add(line, fields[labelAt] ? `the label is ${quoted(fields[labelAt])}` : "the label is empty");
    else if (binary && key !== "0" && key !== "1") problems.otherClass(line, fields[labelAt] ?? "");
    else if (text === "") problems.add(line, "the score is empty");
    else if (!Number.isFinite(value)) problems.add(line, `the score is ${quoted(text)}`);
    else if (!logits && (value < 0 || value > 1))
      problems.outOfRange(line, `the score ${text} is not from 0 to ${percent ? 100 : 1}`, value);
  });
  problems.throwIfAny();
  const columns = { label: table.columns[labelAt] ?? "", score: table.columns[score.column] ?? "" };
  const found = groupColumn(table, options.group, [labelAt, score.column]);
  const groups = found && rowGroups(found.groups);
  const grouped = groups && { columns: { ...columns, group: found.column }, groups };
  return { labels, scores, logits, columns, positive, ...grouped };
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
): ClassNames & { readonly binary: boolean } {
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
    return { positive: first.get(classKey(positive))?.name ?? positive, others, binary };
  };
  // If there is only one class, it may be the negative one.
  if (wanted !== undefined && (first.has(classKey(wanted)) || distinct.length === 1)) return classes(wanted);
  const isBinary = distinct.length === 1 ? /^[01]$/.test(distinct[0] as string) : first.has("0") && first.has("1");
  if (wanted === undefined && isBinary) return classes("1", true);
  if (wanted === undefined && distinct.length === 2) return classes(distinct[1] as string);
  const found = [...first.values()].slice(0, 8).map(({ name, line }) => `${quoted(name).slice(1, -1)} (line ${line})`);
  const list = `${found.join(", ")}${first.size > 8 ? `, and ${first.size - 8} more` : ""}`;
  const column = `column ${quoted(table.columns[labelAt])} of ${table.path}`;
  throw new InputError(
    "METRICS_CLASSES",
    wanted === undefined
      ? `${column.replace("c", "C")} must hold 0 and 1 or two class names (or give --positive NAME); it holds ${list}.`
      : `--positive ${wanted}: ${column} holds ${list}.`,
  );
}

/** Collects unusable rows for one error message. */
class Problems {
  private readonly found: string[] = [];
  private lowest = Number.POSITIVE_INFINITY;
  private highest = Number.NEGATIVE_INFINITY;
  private otherClasses = false;

  constructor(private readonly table: Table) {}

  add(line: number, problem: string): void {
    this.found.push(`line ${line}: ${problem}`);
  }

  otherClass(line: number, label: string): void {
    this.otherClasses = true;
    this.add(line, `the label is ${quoted(label)}`);
  }

  /** A number that is not a probability. */
  outOfRange(line: number, problem: string, value: number): void {
    this.lowest = Math.min(this.lowest, value);
    this.highest = Math.max(this.highest, value);
    this.add(line, problem);
  }

  throwIfAny(): void {
    const { found, table } = this;
    if (found.length === 0) return;
    const rows = counted(found.length, "row");
    const more = found.length > 5 ? `; and ${found.length - 5} more` : "";
    const message = `${table.path}: ${rows} of ${table.rows.length} cannot be used: ${found.slice(0, 5).join("; ")}${more}.${this.hint()}`;
    throw new InputError("METRICS_ROWS", message);
  }

  private hint(): string {
    const { lowest, highest } = this;
    if (this.otherClasses) return " Correct them, or give --positive NAME if there are more than two classes.";
    if (highest < lowest) return "";
    return lowest >= 0 && highest > 20 && highest <= 100
      ? " Give --percent if scores are percentages, --logits if they are logits."
      : " Give --logits if scores are logits.";
  }
}
