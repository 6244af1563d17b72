/** @module Tables for the terminal. */

/** Columns padded to their widest cell; cells that are numbers are set to the right. Widths count characters. */
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

/** A number for people: four significant digits. */
export function shortNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? String(value) : String(Number(value.toPrecision(4)));
}
