/** @module Tables in the format of Python's `log_table` and `load_table` (pandas' "split" orientation). */
export interface Table {
  readonly columns: readonly string[];
  readonly data: readonly (readonly unknown[])[];
}

/** A table, a list of values per column, or one object per row. */
export type TableInput = Table | Readonly<Record<string, readonly unknown[]>> | readonly object[];

export function toTable(input: TableInput): Table {
  if (isRows(input)) {
    const columns = [...new Set(input.flatMap((row) => Object.keys(row)))];
    const rows = input as readonly Readonly<Record<string, unknown>>[];
    return { columns, data: rows.map((row) => columns.map((column) => row[column] ?? null)) };
  }
  if (isTable(input)) return input;
  const columns = Object.keys(input);
  const length = Math.max(0, ...columns.map((column) => input[column]?.length ?? 0));
  return {
    columns,
    data: Array.from({ length }, (_, row) => columns.map((column) => input[column]?.[row] ?? null)),
  };
}

/** Joins the rows of two tables. Missing columns are `null`. */
export function appendRows(table: Table | undefined, more: Table): Table {
  if (!table) return more;
  const columns = [...new Set([...table.columns, ...more.columns])];
  const rows = [table, more].flatMap(({ columns: own, data }) => {
    const places = columns.map((column) => own.indexOf(column));
    return data.map((row) => places.map((place) => (place < 0 ? null : row[place])));
  });
  return { columns, data: rows };
}

function isRows(input: TableInput): input is readonly object[] {
  return Array.isArray(input);
}

function isTable(input: TableInput): input is Table {
  return "columns" in input && "data" in input && Array.isArray((input.data as readonly unknown[])[0] ?? []);
}
