/** @module Writes a directory of files so that it is either complete or missing. */
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { hasErrorCode, InputError } from "../errors/index";
import { writeFolderAtomically } from "../files/index";

/**
 * Runs `write` on a temporary directory, which gets the name `path` if `write` succeeds. Replaces an empty directory or an
 * earlier model (a directory with a `model.json`) at `path`.
 * @throws {InputError} `OUT_OCCUPIED` if `path` is something else
 */
export async function writeDirectory<T>(path: string, write: (directory: string) => Promise<T>): Promise<T> {
  const target = resolve(path);
  await checkTarget(target);
  return writeFolderAtomically(target, write);
}

async function checkTarget(target: string): Promise<void> {
  const names: readonly string[] = await readdir(target).catch((error: unknown) => {
    if (hasErrorCode(error, "ENOENT")) return [];
    if (hasErrorCode(error, "ENOTDIR")) {
      throw new InputError("OUT_OCCUPIED", `--out: ${target} is a file; name a directory.`);
    }
    throw error;
  });
  if (names.length === 0 || names.includes("model.json")) return;
  throw new InputError("OUT_OCCUPIED", `--out: ${target} holds other files; name a new or empty directory.`);
}
