/** @module Writes a directory of files so that it is either complete or missing. */
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { hasErrorCode, InputError } from "../errors/index";
import { syncDirectory } from "../files/index";

/**
 * Runs `write` on a temporary directory, which is renamed to `path` on success and removed on failure. Replaces an empty
 * directory or an earlier model (a directory with a `model.json`) at `path`.
 * @throws {InputError} `OUT_OCCUPIED` if `path` is something else
 */
export async function writeDirectory<T>(path: string, write: (directory: string) => Promise<T>): Promise<T> {
  const target = resolve(path);
  const earlier = await checkTarget(target);
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.tmp-${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  try {
    const result = await write(temporary);
    await syncDirectory(temporary);
    await putInPlace(temporary, target, earlier);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function putInPlace(temporary: string, target: string, earlier: "none" | "empty" | "model"): Promise<void> {
  const aside = `${target}.old-${process.pid}`;
  if (earlier === "empty") await rmdir(target);
  if (earlier === "model") await rename(target, aside);
  await rename(temporary, target);
  await syncDirectory(dirname(target));
  if (earlier === "model") await rm(aside, { recursive: true, force: true });
}

async function checkTarget(target: string): Promise<"none" | "empty" | "model"> {
  let names: string[];
  try {
    names = await readdir(target);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return "none";
    if (hasErrorCode(error, "ENOTDIR"))
      throw new InputError("OUT_OCCUPIED", `--out: ${target} is a file; name a directory.`);
    throw error;
  }
  if (names.length === 0) return "empty";
  if (names.includes("model.json")) return "model";
  throw new InputError("OUT_OCCUPIED", `--out: ${join(target)} holds other files; name a new or empty directory.`);
}
