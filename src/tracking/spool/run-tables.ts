/** @module The tables of a run as they grow, kept in its spool. */
import { createHash } from "node:crypto";
import { loadJson, saveJson } from "./durable-json";
import type { SpoolDirectory } from "./spool-directory";
import { appendRows, type Table, type TableInput, toTable } from "./tables";

/** The tag from which MLflow's web interface and Python's `load_table` know the tables of a run: a JSON list. */
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
    /** What was logged here. */
    rows: spool.table(`${stem}.json`),
    /** What the server had before anything of it was sent. */
    earlier: spool.table(`${stem}.earlier.json`),
    /** There where the rows stand instead of those that the server had. */
    replaced: spool.table(`${stem}.replaced.json`),
  };
}

export class RunTables {
  constructor(
    private readonly spool: SpoolDirectory,
    /** The run was on the server before its spool: it may have tables that the spool does not know. */
    private readonly continued: boolean,
  ) {}

  /**
   * Adds rows to those that were logged under this path before.
   * @returns the file of all of them, and whether rows that the server had before go first
   */
  async add(path: string, table: TableInput, replace: boolean): Promise<{ localPath: string; addsRows: boolean }> {
    const { rows, replaced } = tableFiles(this.spool, path);
    const before = replace ? undefined : await loadJson<Table>(rows);
    const whole = appendRows(before, toTable(table));
    if (replace && this.continued) await saveJson(replaced, true);
    await saveJson(rows, whole);
    return { localPath: rows, addsRows: this.continued && (await loadJson(replaced)) === undefined };
  }

  /** Notes that the run has this table. @returns the value of {@link LOGGED_ARTIFACTS_TAG} */
  async note(path: string): Promise<string> {
    const kept = this.spool.table("tag.json");
    const tables = (await loadJson<LoggedArtifact[]>(kept)) ?? [];
    if (!tables.some((table) => table.path === path)) tables.push({ path, type: "table" });
    await saveJson(kept, tables);
    return JSON.stringify(tables);
  }
}
