/** @module Shows rows of values or danfojs frames as HTML tables, with a plain text alternative. */
import { alignedRows, counted, escapeHtml } from "../format/index";
import { display } from "./display";

/** A row: a value by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** The used part of a danfojs DataFrame, so that danfojs need not be loaded. */
interface FrameLike {
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
}

interface TableOptions {
  /** Maximum number of shown rows. Default 30. */
  readonly rows?: number;
  /** Decimals in columns with fractions; smaller numbers get two significant digits. Default 4. */
  readonly digits?: number;
  readonly caption?: string;
}

/** Shows rows or a danfojs DataFrame as a table with numbers aligned right. */
export function displayTable(table: readonly Row[] | FrameLike, options: TableOptions = {}): void {
  const { columns, rows } = cellsOf(table);
  const digits = columns.map((_, i) => (rows.every((row) => isWholeOrText(row[i])) ? 0 : (options.digits ?? 4)));
  const shown = rows
    .slice(0, options.rows ?? 30)
    .map((row) => row.map((value, i) => formatCell(value, digits[i] ?? 0)));
  const numeric = columns.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const more = rows.length > shown.length ? counted(rows.length - shown.length, "more row") : "";
  display({
    "text/html": htmlTable(columns, shown, numeric, options.caption ?? "", more),
    "text/plain": plainTable(columns, shown, numeric, more),
  });
}

function cellsOf(table: readonly Row[] | FrameLike): { columns: string[]; rows: unknown[][] } {
  if (isFrame(table)) {
    return { columns: [...table.columns], rows: table.values.map((row) => (Array.isArray(row) ? row : [row])) };
  }
  const columns = [...new Set(table.flatMap((row) => Object.keys(row)))];
  return { columns, rows: table.map((row) => columns.map((column) => row[column])) };
}

function isFrame(table: readonly Row[] | FrameLike): table is FrameLike {
  return !Array.isArray(table);
}

function isWholeOrText(value: unknown): boolean {
  return typeof value !== "number" || Number.isInteger(value) || !Number.isFinite(value);
}

function formatCell(value: unknown, digits: number): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (value === 0 || size >= 10 ** -digits) return value.toFixed(digits);
  return size >= 1e-4 ? value.toPrecision(2) : value.toExponential(2);
}

function htmlTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly boolean[],
  caption: string,
  more: string,
): string {
  const align = (i: number) => (numeric[i] ? ' style="text-align:right"' : ' style="text-align:left"');
  const head = columns.map((column, i) => `<th${align(i)}>${escapeHtml(column)}</th>`).join("");
  const body = rows.map(
    (row) => `<tr>${row.map((cell, i) => `<td${align(i)}>${escapeHtml(cell)}</td>`).join("")}</tr>`,
  );
  return [
    "<table>",
    caption && `<caption>${escapeHtml(caption)}</caption>`,
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>${body.join("\n")}</tbody>`,
    "</table>",
    more && `<p>${more}</p>`,
  ]
    .filter(Boolean)
    .join("\n");
}

function plainTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly boolean[],
  more: string,
): string {
  const lines = alignedRows([columns, ...rows], (_, column) => numeric[column] ?? false);
  return [...lines, more].filter(Boolean).join("\n");
}
