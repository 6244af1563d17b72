/** @module The project's folders, the same for commands and notebooks. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * The project's root folder: `HISTO_ROOT`, or the nearest folder above the working directory with `notebooks/` and
 * `package.json`. (Modules here are also compiled by the notebook kernel, which has no `__dirname`.)
 */
export function projectRoot(): string {
  if (process.env.HISTO_ROOT) return resolve(process.env.HISTO_ROOT);
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) && existsSync(join(folder, "notebooks"))) return folder;
    if (folder === dirname(folder)) return process.cwd();
  }
}

/** The folder of derived data (packed pixels, bases, embeddings): `HISTO_CACHE`, or `data/.cache` in the project. */
export function cacheDirectory(): string {
  return resolve(process.env.HISTO_CACHE || join(projectRoot(), "data", ".cache"));
}

/** The Python of the project's virtual environment. */
export function projectPython(): string {
  const windows = join(projectRoot(), ".venv", "Scripts", "python.exe");
  return existsSync(windows) ? windows : join(projectRoot(), ".venv", "bin", "python");
}

/** The version in `package.json`. */
export function projectVersion(): string {
  try {
    return JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")).version;
  } catch {
    return "unknown";
  }
}
