/**
 * @module Upgrades the store of a local server to the installed version of MLflow. MLflow itself does this silently and without
 * a copy, and an older MLflow cannot read the store afterwards.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { tryLock } from "../../files/index";
import { TrackingInputError } from "../client/errors";

interface Store {
  readonly directory: string;
  /** As `MLFLOW_BACKEND_STORE_URI`. */
  readonly storeUri: string | undefined;
}

const run = promisify(execFile);

/** Prints the installed version of MLflow and the revision of the store's tables. */
const STATE = `import sqlite3, sys
from importlib.metadata import version
try: revision, = sqlite3.connect(sys.argv[1]).execute("SELECT version_num FROM alembic_version").fetchone()
except (sqlite3.Error, TypeError): revision = ""
print(version("mlflow"), revision)`;
/** Unlike copying the file, this includes the content of SQLite's journal. */
const COPY = `import sqlite3, sys
source, target = (sqlite3.connect(path) for path in sys.argv[1:])
source.backup(target)
target.close()`;

/**
 * Copies a store of another version of MLflow and upgrades the store. Does nothing if this version has upgraded it already, or
 * if it is not a local SQLite file.
 * @returns true if the store does not exist yet
 * @throws {TrackingInputError} `MLFLOW_STORE_NOT_UPGRADED`; the store is unchanged
 */
export async function upgradeStore(
  given: Store & { readonly python: string; readonly say?: ((line: string) => void) | undefined },
): Promise<boolean> {
  const store = fileOf(given);
  if (!store) return false;
  if (!existsSync(store)) return true;
  const release = await waitForLock(`${store}.lock`);
  try {
    await upgrade(store, given.python, given.say);
  } finally {
    release();
  }
  return false;
}

async function upgrade(store: string, python: string, say?: (line: string) => void): Promise<void> {
  const state = await stateOf(store, python);
  const stamp = existsSync(stampOf(store)) ? readFileSync(stampOf(store), "utf8").trim() : "";
  if (stamp === state) return;
  const [version = ""] = state.split(" ");
  const copy = `${store}.before-${version}`;
  // This version has upgraded another store in this place, which a backup has replaced since: the copy is of that one.
  if (stamp.startsWith(`${version} `)) {
    if (existsSync(copy)) await rename(copy, `${copy}-${Math.floor((await stat(copy)).mtimeMs)}`);
    await rm(stampOf(store));
  }
  // After an interrupted upgrade, the copy has the original store.
  const isCopied = existsSync(copy);
  if (!isCopied) {
    await rm(`${copy}.part`, { force: true });
    await printed(python, ["-c", COPY, store, `${copy}.part`]);
    await rename(`${copy}.part`, copy);
  }
  const { mtimeMs } = await stat(store);
  try {
    await run(python, ["-m", "mlflow", "db", "upgrade", `sqlite:///${store}`]);
  } catch (error) {
    for (const journal of ["-journal", "-wal", "-shm"]) await rm(store + journal, { force: true });
    await rename(copy, store);
    const message = `MLflow ${version} cannot upgrade ${store}, which is unchanged. ${lastLine(error)}`;
    throw new TrackingInputError("MLFLOW_STORE_NOT_UPGRADED", message);
  }
  await writeFile(stampOf(store), await stateOf(store, python));
  if (!isCopied && (await stat(store)).mtimeMs === mtimeMs) return rm(copy);
  say?.(`The store was upgraded to MLflow ${version}; ${basename(copy)} is a copy of the old one.`);
}

/** Records which version of MLflow created a store, so that the next start does not upgrade it. */
export async function noteVersion({ python, ...given }: Store & { readonly python: string }): Promise<void> {
  const store = fileOf(given);
  if (store && existsSync(store)) await writeFile(stampOf(store), await stateOf(store, python));
}

function stateOf(store: string, python: string): Promise<string> {
  return printed(python, ["-c", STATE, store]);
}

function fileOf({ directory, storeUri }: Store): string | undefined {
  const [, path] = /^sqlite:\/\/\/(.+)$/.exec(storeUri ?? "") ?? [];
  return path && resolve(directory, path);
}

function stampOf(store: string): string {
  return `${store}.mlflow-version`;
}

/** Prevents two servers that start at the same time from both copying the store. */
async function waitForLock(path: string): Promise<() => void> {
  for (;;) {
    const { release } = await tryLock(path);
    if (release) return release;
    await sleep(100);
  }
}

async function printed(python: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(python, args)).stdout.trim();
  } catch (error) {
    throw new TrackingInputError("MLFLOW_NOT_STARTED", `MLflow did not start: ${lastLine(error)}`);
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split("\n").at(-1) ?? "";
}
