/** @module A CSV file with a header as rows of text with their line numbers. */
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { hasErrorCode, InputError, messageOf } from "../errors/index";

/** Cells are text as written; rows that are wholly blank are left out. */
export interface CsvTable {
  readonly path: string;
  /** Names of the header, trimmed. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** For each row the line of the file on which it ends, counted from 1. */
  readonly lines: readonly number[];
}

/**
 * Reads a CSV file separated by commas, semicolons or tabs (whichever the header has most of), with or without a byte order mark.
 * @throws {InputError} `PREDICTIONS_MISSING`, `PREDICTIONS_UNREADABLE` or `PREDICTIONS_EMPTY`
 */
export async function readCsv(path: string): Promise<CsvTable> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) throw new InputError("PREDICTIONS_MISSING", `${path} does not exist.`);
    throw new InputError("PREDICTIONS_UNREADABLE", `${path} cannot be read: ${messageOf(error)}`);
  }
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      info: true,
      relax_quotes: true,
      relax_column_count: true,
    }) as unknown as typeof records;
  } catch (error) {
    throw new InputError("PREDICTIONS_UNREADABLE", `${path} is not CSV: ${messageOf(error)}`, { cause: error });
  }
  const filled = records.filter(({ record }) => record.some((cell) => cell.trim() !== ""));
  const [header, ...body] = filled;
  if (!header) throw new InputError("PREDICTIONS_EMPTY", `${path} is empty.`);
  if (body.length === 0) throw new InputError("PREDICTIONS_EMPTY", `${path} has a header but no rows.`);
  return {
    path,
    columns: header.record.map((name) => name.trim()),
    rows: body.map(({ record }) => record),
    lines: body.map(({ info }) => info.lines),
  };
}

function delimiterOf(text: string): string {
  const header = text.slice(0, text.search(/\r?\n|\r|$/));
  const count = (mark: string) => header.split(mark).length;
  return [",", ";", "\t"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}
