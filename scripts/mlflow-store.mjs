// Brings the local tracking store to the installed MLflow's form. MLflow itself does so without a word and without a copy, and
// an older MLflow cannot read the store afterwards.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";

/**
 * Keeps a copy of a store that another version of MLflow wrote, and upgrades the store. Does nothing for a new store, one that
 * this version has upgraded already, and stores that are no local SQLite file.
 * @param {string} directory of the server
 * @param {string | undefined} storeUri as MLFLOW_BACKEND_STORE_URI
 * @param {string} python with MLflow
 * @returns {string | undefined} what was done, in a sentence
 * @throws {Error} when MLflow cannot upgrade the store; it is left as it was
 */
export function upgradeStore(directory, storeUri, python) {
  const [, path] = /^sqlite:\/\/\/(.+)$/.exec(storeUri ?? "") ?? [];
  if (!path) return;
  const store = resolve(directory, path);
  const stamp = `${store}.mlflow-version`;
  const version = printed(python, ["-c", "from importlib.metadata import version; print(version('mlflow'))"]);
  if (!existsSync(store)) return void writeFileSync(stamp, version);
  if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === version) return;
  const copy = `${store}.before-${version}`;
  copyFileSync(store, copy);
  const { mtimeMs } = statSync(store);
  const { status, stderr } = spawnSync(python, ["-m", "mlflow", "db", "upgrade", `sqlite:///${store}`], {
    cwd: directory,
    encoding: "utf8",
  });
  if (status !== 0) {
    renameSync(copy, store);
    const reason = stderr?.trim().split("\n").at(-1) ?? "";
    throw new Error(`MLflow ${version} cannot upgrade ${store}, which is left as it was. ${reason}`);
  }
  writeFileSync(stamp, version);
  if (statSync(store).mtimeMs === mtimeMs) return void rmSync(copy);
  return `The store was brought to MLflow ${version}; it is kept as it was in ${basename(copy)}.`;
}

function printed(python, args) {
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`MLflow is not installed: ${stderr}`);
  return stdout.trim();
}
