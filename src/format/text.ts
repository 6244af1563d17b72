/** @module Numbers, tables and addresses as text for people: in the terminal, in reports and figures, in messages. */

/** `0.864`, or a dash for a number that does not exist (the ROC AUC of one class). */
export function decimal(value: unknown, digits = 3, missing = "–"): string {
  return typeof value === "number" && Number.isFinite(value) ? value.toFixed(digits) : missing;
}

/** The same for lines in the terminal and in logs, with the word `undefined` instead of the dash. */
export function plainDecimal(value: unknown, digits = 3): string {
  return decimal(value, digits, "undefined");
}

/** The ends of an interval, which JSON makes `null` where they are NaN. */
export type Ends = readonly (number | null)[] | null | undefined;

/** `0.636 to 0.827`, or nothing for an interval that is missing or has no ends. @param until other than `to`, for positive ends */
export function bounds(ends: Ends, digits = 3, until = " to "): string {
  if (!ends?.every(Number.isFinite)) return "";
  return ends.map((end) => decimal(end, digits)).join(Number(ends[0]) < 0 ? " to " : until);
}

/** An interval to follow a value in plain text: ` (95 % 0.636 to 0.827)` with the space before it, or nothing where there is none. */
export function interval95(ends: Ends, digits = 3): string {
  const text = bounds(ends, digits);
  return text && ` (95 % ${text})`;
}

/** `0.876 (0.856–0.897)`, or the value alone. */
export function withInterval(value: unknown, ends: Ends): string {
  const text = bounds(ends, 3, "–");
  return decimal(value) + (text && ` (${text})`);
}

/** A share as percent: `86.4 %`. */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : "–";
}

/** `1 image`, `1200 images`, `12,000 images`. @param plural of the noun; default: with an s */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count < 1e4 ? count : count.toLocaleString("en")} ${count === 1 ? noun : plural}`;
}

/** `12 ms`, `0.8 s`, `42 s`, `3 min 05 s`. */
export function seconds(duration: number): string {
  if (duration > 0 && duration < 0.0995) return `${Math.max(1, Math.round(1000 * duration))} ms`;
  if (duration < 9.95) return `${duration.toFixed(1)} s`;
  if (duration < 119.5) return `${Math.round(duration)} s`;
  const whole = Math.round(duration);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** `1.4 MB`; a megabyte is 10^6 bytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `1.4 GB`; a gigabyte is 10^9 bytes. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** A number with four significant digits. */
export function shortNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? String(value) : String(Number(value.toPrecision(4)));
}

/** A table for the terminal, with numbers aligned right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = columnWidths([header, ...rows]).map((width) => "-".repeat(width));
  const isNumber = (cell: string) => /^[-+]?[\d.]+(e[-+]\d+)?(?: %)?$/.test(cell);
  return alignedRows([header, rule, ...rows], isNumber)
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Rows as lines, with two spaces between columns that are as wide as their widest cell (in characters). */
export function alignedRows(
  rows: readonly (readonly string[])[],
  isRight: (cell: string, column: number) => boolean,
): string[] {
  const widths = columnWidths(rows);
  const padded = (cell: string, column: number) => {
    const gap = " ".repeat((widths[column] as number) - lengthOf(cell));
    return isRight(cell, column) ? gap + cell : cell + gap;
  };
  return rows.map((row) => row.map(padded).join("  "));
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => lengthOf(row[column] ?? ""))));
}

function lengthOf(text: string): number {
  return [...text].length;
}

/** What Markdown, HTML in it, or the formulas of notebooks would not show as it is. Underscores within words are. */
const MARKDOWN_MARKS = /[\\`*[\]<>~$]|^[#+-]|(?<=^\d+)[.)](?= )|&(?=#?\w+;)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;

/** Text, such as the name of a class or a file, as Markdown in a line or in a cell of {@link markdownTable}. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, " ").replace(MARKDOWN_MARKS, "\\$&");
}

/** A table in Markdown. Cells are Markdown already, but for the bars in them. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

/** An address to show: without user and password. */
export function withoutPassword(address: string): string {
  return address.replace(/\/\/[^/]*@/, "//");
}

/** User and password of an address, decoded. @param where the address in the message @throws what `fail` makes of the message */
export function credentialsOf({ username, password }: URL, where: string, fail: (message: string) => Error) {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw fail(`The user or password in ${where} is not percent-encoded; write % as %25.`);
  }
}
