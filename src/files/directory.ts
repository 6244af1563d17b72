/** @module Making folders. */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasErrorCode } from "../errors/index";

/**
 * Makes a folder and those above it where they are missing. (Node's own `recursive` never returns where the system denies a
 * folder although the one above it is there, as in `/proc`.)
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

async function isDirectory(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info?.isDirectory() ?? false;
}
