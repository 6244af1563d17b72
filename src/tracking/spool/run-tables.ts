/** @module The tables of a run so far, in its spool, in the format of Python's `log_table` and `load_table` (pandas' "split" orientation). */
import { createHash } from "node:crypto";
import { loadJson, type SpoolDirectory, saveJson } from "./spool-directory";

/** The tag that lists the tables of a run as JSON, for MLflow's web interface and Python's `load_table`. */
export const LOGGED_ARTIFACTS_TAG = "mlflow.loggedArtifacts";

/** An entry of {@link LOGGED_ARTIFACTS_TAG}. */
export interface LoggedArtifact {
  readonly path: string;
  readonly type: string;
}

/** The files of a spool that belong to the table at an artifact path. */
export function tableFiles(spool: SpoolDirectory, path: string) {
  const stem = createHash("sha1").update(path).digest("hex");
  return {
    /** The rows logged through this spool. */
    rows: spool.table(`${stem}.json`),
    /** The rows that the server had before. */
    earlier: spool.table(`${stem}.earlier.json`),
    /** Exists if the rows replace those on the server. */
    replaced: spool.table(`${stem}.replaced.json`),
  };
}

export class RunTables {
  constructor(
    private readonly spool: SpoolDirectory,
    /** The run existed on the server before its spool, and may have tables that are not in the spool. */
    private readonly continued: boolean,
  ) {}

  /**
   * Adds rows to those that were logged under this path before.
   * @returns the file with all of them, and whether rows on the server come first
   */
  async add(path: string, table: TableInput, replace: boolean): Promise<{ localPath: string; addsRows: boolean }> {
    const { rows, replaced } = tableFiles(this.spool, path);
    const before = replace ? undefined : await loadJson<Table>(rows);
    const whole = appendRows(before, toTable(table));
    if (replace && this.continued) await saveJson(replaced, true);
    await saveJson(rows, whole);
    return { localPath: rows, addsRows: this.continued && (await loadJson(replaced)) === undefined };
  }

  /** Records that the run has this table. @returns the value of {@link LOGGED_ARTIFACTS_TAG} */
  async note(path: string): Promise<string> {
    const file = this.spool.table("tag.json");
    const tables = (await loadJson<LoggedArtifact[]>(file)) ?? [];
    if (!tables.some((table) => table.path === path)) tables.push({ path, type: "table" });
    await saveJson(file, tables);
    return JSON.stringify(tables);
  }
}

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
