/** @module Reads the experts' votes from a label table. */
import { InputError } from "../errors/index";
import { parseDecimal } from "../files/index";
import type { DatasetOptions } from "./options";
import { findColumn, isMissing, namedColumn, nameKey, quoted, type Table, type TableRow } from "./table";
import type { Votes } from "./types";

export interface VotesColumns {
  readonly count: number;
  /** Column of the number of voters, or the number itself. */
  readonly total: { readonly column: number } | { readonly value: number };
  /** True if the column counts the votes for the negative class. */
  readonly forNegative: boolean;
}

/** MHIST's header: "Number of Annotators who Selected SSA (Out of 7)". */
function selection(header: string): { readonly selected?: string; readonly outOf?: string } {
  const [tail, outOf] = /\(out of (\d+)\)$/i.exec(header.trim()) ?? [];
  const [, selected] = tail === undefined ? [] : (/selected\s(.+)$/i.exec(header.trim().slice(0, -tail.length)) ?? []);
  return selected?.trim() && outOf !== undefined ? { selected: selected.trim(), outOf } : {};
}
const COUNT_COLUMNS = ["votes positive", "positive votes", "votes"];
const TOTAL_COLUMNS = ["votes total", "total votes", "annotators", "raters", "n votes"];

/**
 * Finds the votes of a table: the named column, MHIST's header, or `votes_positive` with `votes_total`.
 * @returns undefined without votes
 * @throws {InputError} `TABLE_VOTES_TOTAL_UNKNOWN` if the named column comes without the number of voters
 */
export function votesColumns(
  table: Table,
  options: DatasetOptions,
  classes: readonly [string, string],
): VotesColumns | undefined {
  const named = options.votesColumn === undefined ? undefined : namedColumn(table, options.votesColumn);
  const count =
    named ??
    [...table.columns.keys()].find((at) => selection(table.columns[at] as string).selected !== undefined) ??
    findColumn(table, COUNT_COLUMNS, { flag: "--votes-column" });
  if (count === undefined) return undefined;
  const { selected, outOf } = selection(table.columns[count] as string);
  const totalColumn = findColumn(table, TOTAL_COLUMNS);
  const forNegative = selected !== undefined && nameKey(selected) === nameKey(classes[0]);
  if (selected !== undefined && !forNegative && nameKey(selected) !== nameKey(classes[1])) return undefined;
  const value = options.votesTotal ?? (outOf === undefined ? undefined : Number(outOf));
  if (value !== undefined) return { count, total: { value }, forNegative };
  if (totalColumn !== undefined) return { count, total: { column: totalColumn }, forNegative };
  if (named === undefined) return undefined;
  const message = `${table.path}: the column ${quoted(table.columns[count])} does not say how many experts voted; pass --votes-total N.`;
  throw new InputError("TABLE_VOTES_TOTAL_UNKNOWN", message);
}

/**
 * The votes of a row, if it has any.
 * @throws {InputError} `TABLE_VOTES_RANGE`, naming the line
 */
export function readVotes(table: Table, row: TableRow, columns: VotesColumns): Votes | undefined {
  const field = row.fields[columns.count] ?? "";
  const ofTotal = "value" in columns.total ? String(columns.total.value) : (row.fields[columns.total.column] ?? "");
  if (isMissing(field) || isMissing(ofTotal)) return undefined;
  const total = written(ofTotal);
  const count = written(field);
  if (!Number.isInteger(total) || total < 1 || !Number.isInteger(count) || count < 0 || count > total) {
    const message = `${table.path}, line ${row.line}: ${quoted(field)} votes out of ${quoted(ofTotal)}; expected a whole number from 0 to the number of voters.`;
    throw new InputError("TABLE_VOTES_RANGE", message);
  }
  return { positive: columns.forNegative ? total - count : count, total };
}

function written(field = ""): number {
  return parseDecimal(field, { comma: true });
}
