/** @module Tables for the terminal. */

/** Pads columns to their widest cell (in characters) and aligns numbers to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(...[header, ...rows].map((row) => width(row[column] ?? title))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const gap = " ".repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
        return /^[-+]?[\d.]+(e[-+]\d+)?%?$/.test(cell) ? gap + cell : cell + gap;
      })
      .join("  ")
      .trimEnd();
  return [line(header), line(widths.map((count) => "-".repeat(count))), ...rows.map(line)].join("\n");
}

function width(text: string): number {
  return [...text].length;
}

/** A number with four significant digits. */
export function shortNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? String(value) : String(Number(value.toPrecision(4)));
}
