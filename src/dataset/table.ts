/** @module Reads label tables: CSV files with byte order marks, semicolons, tabs, bars, any line ends and quotes. */
import { readFile, stat } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { hasErrorCode, InputError, messageOf } from "../errors/index";

/** A row of a table and its place in the file. */
export interface TableRow {
  /** First line of the row in the file, counted from 1. */
  readonly line: number;
  /** Fields by column position, without surrounding blanks. */
  readonly fields: readonly string[];
}

/** A CSV file with a header line. */
export interface Table {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/** Some millions of rows. */
const LARGEST_BYTES = 256 * 2 ** 20;

/**
 * Reads a CSV file (comma, semicolon, tab or bar; UTF-8 or UTF-16 with a byte order mark; any line ends).
 * @throws {InputError} `TABLE_MISSING`, `TABLE_TOO_LARGE`, `TABLE_EMPTY`, `TABLE_NOT_TEXT`, `TABLE_ENCODING` or `TABLE_MALFORMED`, naming file and line
 */
export async function readTable(path: string): Promise<Table> {
  const { size } = await stat(path).catch((error) => failToRead(path, error));
  if (size > LARGEST_BYTES) {
    const message = `${path} has ${Math.round(size / 2 ** 20)} MiB; a table of at most ${LARGEST_BYTES / 2 ** 20} MiB is read: leave out columns that are not needed.`;
    throw new InputError("TABLE_TOO_LARGE", message);
  }
  const text = decodeText(await readFile(path).catch((error) => failToRead(path, error)), path);
  const [header, ...rows] = records(text, path);
  if (!header)
    throw new InputError("TABLE_EMPTY", `${path} is empty; it needs a header line and a line for each image.`);
  const columns = header.fields;
  for (const row of rows) {
    if (row.fields.length !== columns.length) {
      const message = `${path}, line ${row.line}: ${row.fields.length} fields, but the header has ${columns.length}; correct the line.`;
      throw new InputError("TABLE_MALFORMED", message);
    }
  }
  if (rows.length === 0) throw new InputError("TABLE_EMPTY", `${path} has a header line but no rows.`);
  return { path, columns, rows };
}

/** The option that names a column, such as `--label-column`, and whether it takes `none` for no such column. */
interface ColumnOption {
  readonly flag: string;
  readonly takesNone?: boolean;
}

/** Position of the first column with one of the given names, see {@link columnsNamed}. */
export function findColumn(table: Table, names: readonly string[], option?: ColumnOption): number | undefined {
  return columnsNamed(table, names, option)[0];
}

/**
 * Positions of all columns with one of the given names (see {@link positionOfName}), in the order of the names.
 * @param option the option that names such a column, for the error
 * @throws {InputError} `TABLE_COLUMN_AMBIGUOUS` for columns of one name that differ
 */
export function columnsNamed(table: Table, names: readonly string[], option?: ColumnOption): number[] {
  const keys = table.columns.map(nameKey);
  return [...new Set(names.map(nameKey))].flatMap((name) => {
    const [first, ...others] = [...keys.keys()].filter((at) => keys[at] === name);
    if (first === undefined) return [];
    mustBeAlike(table, first, others, option);
    return [first];
  });
}

/** Rejects columns of the same name with different contents. @throws {InputError} `TABLE_COLUMN_AMBIGUOUS` */
function mustBeAlike(
  { path, columns, rows }: Table,
  first: number,
  others: readonly number[],
  { flag, takesNone }: Partial<ColumnOption> = {},
): void {
  const other = others.find((at) => rows.some(({ fields }) => fields[at] !== fields[first]));
  if (other === undefined) return;
  const [name, same] = [columns[first] as string, columns[other] as string];
  const found = name === same ? `two columns ${quoted(name)}` : `the columns ${quoted(name)} and ${quoted(same)}`;
  // Columns of one name cannot be told apart by it.
  const advice = name === same || !flag ? "remove or rename one" : `name one with ${flag} NAME`;
  const message = `${path} has ${found} that differ; ${advice}${takesNone ? `, or give ${flag} none to use neither` : ""}.`;
  throw new InputError("TABLE_COLUMN_AMBIGUOUS", message);
}

/** Position of the first of the wanted names among the columns, ignoring case, blanks, punctuation and plural; or undefined. */
export function positionOfName(columns: readonly string[], wanted: readonly string[]): number | undefined {
  const keys = columns.map(nameKey);
  const found = wanted.map(nameKey).find((key) => keys.includes(key));
  return found === undefined ? undefined : keys.indexOf(found);
}

/** A name by which columns and classes are compared: {@link wordsOf} without blanks. */
export function nameKey(name: string): string {
  return wordsOf(name).replaceAll(" ", "");
}

/**
 * A name as lower-case words in the singular: `Image Name`, `imageName` and `image_names` alike become `image name`. The two
 * characters for micro, of which keyboards write one or the other, are one. The sign of a marker is a word: `ER-` becomes
 * `er negative`.
 */
export function wordsOf(name: string): string {
  return name
    .normalize("NFKC")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .replace(/(?<=^|[\p{L}\p{N}])[+\u2212-](?=$|[\s_,;:)])/gu, (sign) => (sign === "+" ? " positive " : " negative "))
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .replace(/ies\b/g, "y")
    .replace(/([^s ])s\b/g, "$1")
    .trim();
}

/**
 * Position of a column that the user named.
 * @throws {InputError} `TABLE_COLUMN_MISSING`, listing the columns there are, or `TABLE_COLUMN_AMBIGUOUS`
 */
export function namedColumn(table: Table, name: string): number {
  const [position, ...same] = [...table.columns.keys()].filter((at) => table.columns[at] === name);
  if (position !== undefined) mustBeAlike(table, position, same);
  const found = position ?? findColumn(table, [name]);
  if (found === undefined) {
    const message = `${table.path} has no column ${quoted(name)}; it has ${listed(table.columns)}.`;
    throw new InputError("TABLE_COLUMN_MISSING", message);
  }
  return found;
}

/** As {@link namedColumn}; undefined for `none`, unless a column has this name, and without a name. */
export function namedOrNone(table: Table, name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const isNone = (text: string) => nameKey(text) === "none";
  return isNone(name) && !table.columns.some(isNone) ? undefined : namedColumn(table, name);
}

/** A field for messages: on one line and shortened. */
export function shortened(field: string | undefined = ""): string {
  const plain = field.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ");
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}...` : plain;
}

/** As {@link shortened}, in quotes. */
export function quoted(field: string | undefined): string {
  return `"${shortened(field)}"`;
}

const LONGEST = 100;

export function listed(names: readonly string[], limit = 12): string {
  const shown = names.slice(0, limit).map(quoted);
  return names.length > limit ? `${shown.join(", ")} and ${names.length - limit} more` : shown.join(", ");
}

/** True for empty fields and the usual markers of missing values. */
export function isMissing(field: string): boolean {
  return /^(?:|nan|na|n\/a|<na>|#n\/a|null)$/i.test(field.trim());
}

function failToRead(path: string, error: unknown): never {
  if (hasErrorCode(error, "ENOENT")) throw new InputError("TABLE_MISSING", `${path} does not exist.`);
  if (hasErrorCode(error, "EISDIR")) throw new InputError("TABLE_MISSING", `${path} is a folder, not a CSV file.`);
  if (hasErrorCode(error, "EACCES"))
    throw new InputError("TABLE_MISSING", `${path} may not be read; change its permissions.`);
  throw error;
}

/** The encoding given by the byte order mark; UTF-8 without one. */
function encodingOf([first, second]: Buffer): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** The text without a byte order mark. Rejects undecodable bytes: replaced by U+FFFD, different labels would become equal. */
function decodeText(bytes: Buffer, path: string): string {
  const encoding = encodingOf(bytes);
  const text = decoded(bytes, encoding);
  if (text?.includes("\0") || (text === undefined && encoding === "utf-8" && bytes.includes(0))) {
    throw new InputError("TABLE_NOT_TEXT", `${path} is not a text file; save it as CSV (UTF-8).`);
  }
  if (text !== undefined) return text;
  throw new InputError("TABLE_ENCODING", `${path}, line ${undecodableLine(bytes, encoding)}; save it as CSV (UTF-8).`);
}

function decoded(bytes: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The first line, counted from 1, that is not text in this encoding, and what it contains. */
function undecodableLine(bytes: Buffer, encoding: string): string {
  if (encoding !== "utf-8") {
    // Not with TextDecoder: Node's throws for some damaged UTF-16 even with `fatal: false`.
    const units = Buffer.from(bytes.subarray(2, bytes.length & ~1));
    const text = (encoding === "utf-16be" ? units.swap16() : units).toString("utf16le");
    const damage = LONE_SURROGATE.exec(text)?.index ?? text.length;
    return `${lineCount(text.slice(0, damage))}: cut off or damaged text (UTF-16)`;
  }
  // In UTF-8, bytes of line ends are never part of another character, so that lines can be split before decoding.
  const lines = bytes.toString("latin1").split(LINE_END);
  const at = lines.findIndex((line) => decoded(Buffer.from(line, "latin1"), encoding) === undefined);
  const read = new TextDecoder("windows-1252").decode(Buffer.from(lines[at] ?? "", "latin1"));
  const words = read.match(/[^\s,;"]{0,20}[\x80-\uffff][^\s,;"]{0,20}/g) ?? [];
  return `${at + 1}: not UTF-8 (${listed(words, 3)} if it is Windows-1252, as Excel's "CSV" is)`;
}

function lineCount(text: string): number {
  return text.split(LINE_END).length;
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const LINE_END = /\r\n|\n|\r/;

/** Messages for the parser's errors, whose own messages contain the whole field. */
const QUOTE_PROBLEMS: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: `a quote (") is in the middle of a field; put the field in quotes, and write the quote twice`,
  CSV_INVALID_CLOSING_QUOTE: `something follows a field's closing quote ("); write quotes within a field twice`,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: `something follows a field's closing quote ("); write quotes within a field twice`,
  CSV_QUOTE_NOT_CLOSED: `the file ends within a field whose quote (") was opened earlier; close it`,
};

/** The line that tells Excel the delimiter. */
const SEPARATOR_LINE = /^\s*"?sep=(.)"?[ \t]*(?:\r\n|\n|\r)/i;

/** The lines before the header that begin with `#`, as comments do, and empty ones. A header like `#image,label` is none. */
function commentsOf(text: string): string {
  const [comments = ""] = /^(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r))*/.exec(text) ?? [];
  const last = comments.trimEnd().split(LINE_END).at(-1) ?? "";
  const next = text.slice(comments.length).split(LINE_END, 1)[0] ?? "";
  const fieldsIn = (line: string) => line.split(delimiterOf(next)).length;
  const isHeader = /^\s*#\S/.test(last) && fieldsIn(last) > 1 && fieldsIn(last) === fieldsIn(next);
  return isHeader ? comments.slice(0, comments.lastIndexOf(last)) : comments;
}

/** The delimiter that occurs most often in the header line, outside quotes. */
function delimiterOf(text: string): string {
  const header =
    text
      .trimStart()
      .split(/\r?\n|\r/, 1)[0]
      ?.replace(/"[^"]*"/g, "") ?? "";
  const count = (delimiter: string) => header.split(delimiter).length;
  return [",", ";", "\t", "|"].reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
}

function records(text: string, path: string): TableRow[] {
  const [separatorLine, separator] = SEPARATOR_LINE.exec(text) ?? [];
  const before = separatorLine ?? commentsOf(text);
  const linesBefore = lineCount(before) - 1;
  const content = text.slice(before.length);
  try {
    const parsed = parse(content, {
      delimiter: separator ?? delimiterOf(content),
      info: true,
      trim: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      relax_column_count: true,
      record_delimiter: ["\r\n", "\n", "\r"],
    }) as unknown as { info: { lines: number }; record: string[] }[];
    return parsed.map(({ info, record }) => {
      // The parser reports the last line of a row; quoted fields may contain line ends.
      const within = record.reduce((lines, field) => lines + lineCount(field) - 1, 0);
      return { line: info.lines + linesBefore - within, fields: record };
    });
  } catch (error) {
    const { code = "", lines = 0 } = error as { code?: string; lines?: number };
    const problem = QUOTE_PROBLEMS[code];
    if (!problem) throw new InputError("TABLE_MALFORMED", `${path} is not valid CSV: ${quoted(messageOf(error))}.`);
    throw new InputError("TABLE_MALFORMED", `${path}, line ${lines + linesBefore}: ${problem}.`);
  }
}
