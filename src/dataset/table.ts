/** @module Label tables: CSV files as people really have them (byte order marks, semicolons, tabs, CRLF, quotes). */
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { hasErrorCode, InputError, messageOf } from "../errors/index";

/** A row of a table and where it stands in the file. */
export interface TableRow {
  /** Line of the file, counted from 1, on which the row begins. */
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

/**
 * Reads a CSV file (comma, semicolon or tab; UTF-8 or UTF-16 with a byte order mark; any line ends).
 * @throws {InputError} `TABLE_MISSING`, `TABLE_EMPTY`, `TABLE_NOT_TEXT` or `TABLE_MALFORMED`, naming file and line
 */
export async function readTable(path: string): Promise<Table> {
  const text = decodeText(await readFile(path).catch((error) => failToRead(path, error)), path);
  const [header, ...rows] = records(text, path);
  if (!header)
    throw new InputError("TABLE_EMPTY", `${path} is empty; it needs a header line and a line for each image.`);
  const columns = header.fields;
  for (const row of rows) {
    if (row.fields.length !== columns.length) {
      throw new InputError(
        "TABLE_MALFORMED",
        `${path}, line ${row.line}: ${row.fields.length} fields where the header has ${columns.length}; mend the line.`,
      );
    }
  }
  if (rows.length === 0) throw new InputError("TABLE_EMPTY", `${path} has a header line but no rows.`);
  return { path, columns, rows };
}

/** Position of the first column with one of the given names, see {@link positionOfName}. */
export function findColumn(table: Table, names: readonly string[]): number | undefined {
  return positionOfName(table.columns, names);
}

/** Position of the first of the wanted names among the columns (case, blanks, punctuation and plural do not count), or undefined. */
export function positionOfName(columns: readonly string[], wanted: readonly string[]): number | undefined {
  const keys = columns.map(nameKey);
  const found = wanted.map(nameKey).find((key) => keys.includes(key));
  return found === undefined ? undefined : keys.indexOf(found);
}

function nameKey(name: string): string {
  return wordsOf(name).replaceAll(" ", "");
}

/** A name as lower-case words in the singular: `Image Name`, `imageName` and `image_names` alike become `image name`. */
export function wordsOf(name: string): string {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .replace(/ies\b/g, "y")
    .replace(/([^s ])s\b/g, "$1")
    .trim();
}

/**
 * Position of a column that the user named.
 * @throws {InputError} `TABLE_COLUMN_MISSING`, listing the columns there are
 */
export function namedColumn(table: Table, name: string): number {
  const position = table.columns.indexOf(name);
  const found = position >= 0 ? position : findColumn(table, [name]);
  if (found === undefined) {
    throw new InputError(
      "TABLE_COLUMN_MISSING",
      `${table.path} has no column "${name}"; it has ${listed(table.columns)}.`,
    );
  }
  return found;
}

/** Names in quotes, with commas. */
export function listed(names: readonly string[], limit = 12): string {
  const shown = names.slice(0, limit).map((name) => `"${name}"`);
  return names.length > limit ? `${shown.join(", ")} and ${names.length - limit} more` : shown.join(", ");
}

/** True for an empty field, and for what programs write where a value is missing. */
export function isMissing(field: string): boolean {
  return /^(?:|nan|na|n\/a|<na>|#n\/a|null)$/i.test(field.trim());
}

/** A name without case, blanks and punctuation, for comparing column and class names. */
export function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}

function failToRead(path: string, error: unknown): never {
  if (hasErrorCode(error, "ENOENT")) throw new InputError("TABLE_MISSING", `${path} does not exist.`);
  if (hasErrorCode(error, "EISDIR")) throw new InputError("TABLE_MISSING", `${path} is a folder, not a CSV file.`);
  if (hasErrorCode(error, "EACCES"))
    throw new InputError("TABLE_MISSING", `${path} may not be read; change its permissions.`);
  throw error;
}

function decodeText(bytes: Buffer, path: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.subarray(0, 4096).includes(0)) {
    throw new InputError("TABLE_NOT_TEXT", `${path} is not a text file; save it as CSV (UTF-8).`);
  }
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

/** The line by which Excel is told the delimiter. */
const SEPARATOR_LINE = /^\s*"?sep=(.)"?[ \t]*(?:\r\n|\n|\r)/i;

/** The delimiter that occurs most often in the header line, outside quotes. */
function delimiterOf(text: string): string {
  const header =
    text
      .trimStart()
      .split(/\r?\n|\r/, 1)[0]
      ?.replace(/"[^"]*"/g, "") ?? "";
  const count = (delimiter: string) => header.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
}

function records(text: string, path: string): TableRow[] {
  const [said, separator] = SEPARATOR_LINE.exec(text) ?? [];
  const linesBefore = said === undefined ? 0 : said.split(/\r\n|\n|\r/).length - 1;
  const content = text.slice(said?.length ?? 0);
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
    return parsed.map(({ info, record }) => ({ line: info.lines + linesBefore, fields: record }));
  } catch (error) {
    throw new InputError("TABLE_MALFORMED", `${path} is not valid CSV: ${messageOf(error)}.`);
  }
}
