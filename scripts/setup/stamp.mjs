// A step is done if its stamp has the key of its inputs. The stamp is removed first and written last, so an interrupted step
// runs again.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, setupFolder } from "./paths.mjs";

const stampPath = (folder, name) => join(folder, "stamps", `${name}.json`);

/** Key of all inputs of a step: file contents and values such as versions. */
export function keyOf(files, ...values) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)));
  return hash.update(JSON.stringify([values, process.platform, process.arch])).digest("hex");
}

/** The result of a finished step; undefined if it must run (again), also because one of its `outputs` is gone. */
export function finished(name, key, outputs, folder = setupFolder) {
  try {
    const stamp = JSON.parse(readFileSync(stampPath(folder, name), "utf8"));
    return stamp.key === key && outputs.every(existsSync) ? (stamp.result ?? {}) : undefined;
  } catch {
    return undefined;
  }
}

export function clearStamp(name, folder = setupFolder) {
  rmSync(stampPath(folder, name), { force: true });
}

export function writeStamp(name, key, result, folder = setupFolder) {
  const path = stampPath(folder, name);
  mkdirSync(join(folder, "stamps"), { recursive: true });
  writeFileSync(`${path}.tmp`, JSON.stringify({ key, result }, null, 2));
  renameSync(`${path}.tmp`, path);
}
