/** @module Keeps what a run already has on the server when more is logged to it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { TrackingInputError } from "../client/errors";
import type { Mlflow } from "../client/mlflow";
import type { Tag } from "../client/types";
import { appendRows, LOGGED_ARTIFACTS_TAG, type LoggedArtifact, type Table, tableFiles } from "./run-tables";
import { loadJson, type SpoolDirectory, saveJson } from "./spool-directory";

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
