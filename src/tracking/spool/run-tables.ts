/** @module The tables of a run so far, in its spool. */
import { createHash } from "node:crypto";
import { loadJson, type SpoolDirectory, saveJson } from "./spool-directory";
import { appendRows, type Table, type TableInput, toTable } from "./tables";

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
