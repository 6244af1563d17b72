/** @module Text of files that may be missing. */
import { readFile } from "node:fs/promises";
import { hasErrorCode } from "../errors/index";

/** The text of a file; empty if there is none. */
export async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return "";
    throw error;
  }
}
