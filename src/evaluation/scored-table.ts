/** @module Labels and scores out of any CSV: columns found or named, labels as 0 and 1 or as class names. */
import { readTable, type Table } from "../dataset/table";
import { InputError } from "../errors/index";
import { labelColumn, scoreColumn } from "./columns";

export interface ScoredTableOptions {
  /** Name of the column of true labels; found by its usual names where absent. */
  readonly label?: string;
  /** Name of the column of scores; found by its usual names where absent. */
  readonly score?: string;
  /** Name of the positive class; the alphabetically later of two where absent. */
  readonly positive?: string;
  /** Scores are logits, any finite number. */
  readonly logits?: boolean;
  /** Scores are percent, 0 to 100; assumed where the column's name says so. */
  readonly percent?: boolean;
}

/** What was read, and from which columns. */
export interface ScoredTable {
  /** 1 for the positive class. */
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly logits: boolean;
  readonly columns: { readonly label: string; readonly score: string };
  /** The positive class as the file writes it (`1` where labels are 0 and 1). */
  readonly positive: string;
}

/**
 * Reads a CSV of labels and scores.
 * @throws {InputError} `TABLE_*` for the file, `METRICS_COLUMN` for a column that is not there, `METRICS_ROWS` for rows
 * that cannot be used (with their line numbers), `METRICS_CLASSES` for class names that are not two
 */
export async function readScoredTable(path: string, options: ScoredTableOptions = {}): Promise<ScoredTable> {
  const table = await readTable(path);
  const labelAt = labelColumn(table, options.label);
  const problems = new Problems(table);
  const names = table.rows.map(({ fields }) => className(fields[labelAt] ?? ""));
  const { positive, binary } = positiveClass(table, names, table.columns[labelAt] ?? "", options.positive);
  const score = scoreColumn(table, positive, options.score);
  const logits = options.logits ?? score.logits;
  const percent = options.percent ?? (!logits && /%|percent/i.test(table.columns[score.column] ?? ""));
  const labels = new Uint8Array(names.length);
  const scores = new Float64Array(names.length);
  table.rows.forEach(({ fields, line }, i) => {
    const name = names[i] as string;
    const text = fields[score.column] ?? "";
    const value = scoreOf(text, percent);
    labels[i] = name === positive ? 1 : 0;
    scores[i] = value;
    if (name === "") problems.add(line, "the label is empty");
    else if (binary && name !== "0" && name !== "1") problems.add(line, `the label is "${name}"`);
    else if (text === "") problems.add(line, "the score is empty");
    else if (!Number.isFinite(value)) problems.add(line, `the score is "${text}"`);
    else if (!logits && (value < 0 || value > 1))
      problems.outOfRange(line, `the score ${text} is not from 0 to ${percent ? 100 : 1}`, value);
  });
  problems.throwIfAny();
  const columns = { label: table.columns[labelAt] ?? "", score: table.columns[score.column] ?? "" };
  return { labels, scores, logits, columns, positive };
}

/** `0.25`, `0,25` and `25 %` are one number; NaN where it is none. */
function scoreOf(text: string, percent: boolean): number {
  const [, number, sign] = /^(.*?)\s*(%?)$/.exec(text) ?? [];
  if (!number) return Number.NaN;
  const value = Number(/^[-+]?\d*,\d+$/.test(number) ? number.replace(",", ".") : number);
  return sign || percent ? value / 100 : value;
}

/** `1.0` and `true`, `0.0` and `false` become `1` and `0`; other names stay. */
function className(text: string): string {
  if (/^[01](\.0*)?$/.test(text)) return text.charAt(0);
  if (/^true$/i.test(text)) return "1";
  return /^false$/i.test(text) ? "0" : text;
}

/** The name of the positive class, and whether labels are 0 and 1 (anything else is then a mistake of its row). */
function positiveClass(
  table: Table,
  names: readonly string[],
  column: string,
  wanted?: string,
): { positive: string; binary: boolean } {
  const distinct = [...new Set(names.filter((name) => name !== ""))].sort();
  const positive = wanted === undefined ? undefined : className(wanted);
  const found = distinct.map((name) => `${name} (line ${table.rows[names.indexOf(name)]?.line})`).slice(0, 8);
  const list = `${found.join(", ")}${distinct.length > 8 ? ", ..." : ""}`;
  if (positive !== undefined) {
    // A set of one class need not hold the positive one.
    if (distinct.includes(positive) || distinct.length === 1) return { positive, binary: false };
    throw new InputError("METRICS_CLASSES", `--positive ${wanted}: column "${column}" of ${table.path} holds ${list}.`);
  }
  const zeroOrOne = names.filter((name) => name === "0" || name === "1").length;
  if (2 * zeroOrOne > names.length) return { positive: "1", binary: true };
  if (distinct.length === 2) return { positive: distinct[1] as string, binary: false };
  throw new InputError(
    "METRICS_CLASSES",
    `Column "${column}" of ${table.path} must hold 0 and 1 or two class names (or give --positive NAME); it holds ${list}.`,
  );
}

/** Unusable rows, told in one line with their line numbers. */
class Problems {
  private readonly found: string[] = [];
  private readonly strange: number[] = [];

  constructor(private readonly table: Table) {}

  add(line: number, problem: string): void {
    this.found.push(`line ${line}: ${problem}`);
  }

  /** A number that is no probability. */
  outOfRange(line: number, problem: string, value: number): void {
    this.strange.push(value);
    this.add(line, problem);
  }

  throwIfAny(): void {
    const { found, table } = this;
    if (found.length === 0) return;
    const rows = found.length === 1 ? "1 row" : `${found.length} rows`;
    const more = found.length > 5 ? `; and ${found.length - 5} more` : "";
    throw new InputError(
      "METRICS_ROWS",
      `${table.path}: ${rows} of ${table.rows.length} cannot be used: ${found.slice(0, 5).join("; ")}${more}.${this.hint()}`,
    );
  }

  private hint(): string {
    if (this.strange.length === 0) return "";
    const mayBePercent = this.strange.every((value) => value >= 0 && value <= 100);
    return mayBePercent && Math.max(...this.strange) > 20
      ? " Give --percent where scores are percent, --logits where they are logits."
      : " Give --logits where scores are logits.";
  }
}
