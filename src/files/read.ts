/** @module Reads text and JSON with errors that name the file. */
import { readFile } from "node:fs/promises";
import { hasErrorCode, InputError, messageOf } from "../errors/index";

/** Parses a JSON file. @throws {InputError} `FILE_MISSING`, `FILE_IS_FOLDER` or `FILE_NOT_JSON`, naming the file. */
export async function readJson<T>(path: string): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR")) throw new InputError("FILE_MISSING", `${path} does not exist.`);
    if (hasErrorCode(error, "EISDIR")) throw new InputError("FILE_IS_FOLDER", `${path} is a folder, not a file.`);
    throw error;
  }
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new InputError("FILE_NOT_JSON", `${path} is not valid JSON: ${messageOf(error)}`);
  }
}

/** The text of a file; empty if there is none. */
export async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return "";
    throw error;
  }
}
