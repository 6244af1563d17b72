/** @module The tables of a run so far, in its spool, in the format of Python's `log_table` and `load_table` (pandas' "split" orientation). */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { TrackingInputError } from "../client/errors";
import type { Mlflow } from "../client/mlflow";
import type { Tag } from "../client/values";
import { loadJson, type SpoolDirectory, saveJson } from "./spool-directory";

/** The tag that lists the tables of a run as JSON, for MLflow's web interface and Python's `load_table`. */
export const LOGGED_ARTIFACTS_TAG = "mlflow.loggedArtifacts";

interface LoggedArtifact {
  readonly path: string;
  readonly type: string;
}

/** The files of a spool that belong to the table at an artifact path. */
function tableFiles(spool: SpoolDirectory, path: string) {
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

/** Adds the server's tables to the list of tables in the tags, if there is one. */
export async function withEarlierTables(client: Mlflow, runId: string, tags: readonly Tag[]): Promise<readonly Tag[]> {
  if (!tags.some(({ key }) => key === LOGGED_ARTIFACTS_TAG)) return tags;
  const { data } = await client.getRun(runId);
  const earlier = parseList(data.tags.find(({ key }) => key === LOGGED_ARTIFACTS_TAG)?.value);
  return tags.map(({ key, value }) => {
    if (key !== LOGGED_ARTIFACTS_TAG) return { key, value };
    const own = parseList(value);
    const others = earlier.filter(({ path }) => !own.some((table) => table.path === path));
    return { key, value: JSON.stringify([...others, ...own]) };
  });
}

/**
 * Writes a table that starts with the rows that the server had before this spool sent any. The first call stores these in the
 * spool, so that a repeated call, even after a crash, gives the same table.
 * @param local file with the rows of the spool @param target file for all rows
 * @throws {TrackingInputError} `ARTIFACT_NOT_A_TABLE` if the server has something else under this path
 */
export async function writeWholeTable(
  client: Mlflow,
  spool: SpoolDirectory,
  runId: string,
  path: string,
  local: string,
  target: string,
): Promise<void> {
  const { earlier: file } = tableFiles(spool, path);
  let earlier = await loadJson<Table>(file);
  if (!earlier) {
    earlier = await fetchTable(client, spool, runId, path);
    await saveJson(file, earlier);
  }
  await saveJson(target, appendRows(earlier, JSON.parse(await readFile(local, "utf8")) as Table));
}

/** A table from the server; empty if it has none. */
async function fetchTable(client: Mlflow, spool: SpoolDirectory, runId: string, path: string): Promise<Table> {
  if (!(await client.getArtifactClient().has(runId, path))) return { columns: [], data: [] };
  const folder = await mkdtemp(join(spool.files, "table-"));
  try {
    const file = join(folder, "table.json");
    await client.downloadArtifact(runId, path, file);
    const table = await loadJson<Partial<Table>>(file);
    if (Array.isArray(table?.columns) && Array.isArray(table.data)) return table as Table;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const message = `${path} of run ${runId} is not a table; log under another name.`;
  throw new TrackingInputError("ARTIFACT_NOT_A_TABLE", message);
}

function parseList(json: string | undefined): LoggedArtifact[] {
  try {
    const list: unknown = JSON.parse(json ?? "[]");
    return Array.isArray(list) ? (list as LoggedArtifact[]) : [];
  } catch {
    return [];
  }
}
