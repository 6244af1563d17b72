/** @module Folders. */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasErrorCode } from "../errors/index";

/**
 * Creates a folder and its missing parents. (Node's own `recursive` never returns if the system denies a folder whose
 * parent exists, as in `/proc`.)
 */
export async function makeDirectory(path: string): Promise<void> {
  const above = dirname(path);
  try {
    await mkdir(path);
  } catch (error) {
    if (await isDirectory(path)) return;
    if (!hasErrorCode(error, "ENOENT") || above === path || (await isDirectory(above))) throw error;
    await makeDirectory(above);
    await makeDirectory(path);
  }
}

/** False also for a path that does not exist or cannot be read. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
