/** @module Checks the folder of a data set before anything is read or loaded. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { hasErrorCode, InputError } from "../errors/index";

/** @throws {InputError} `DATA_FOLDER_MISSING` if the path is not a folder */
export async function mustBeDataFolder(directory: string): Promise<void> {
  const root = resolve(directory);
  const info = await stat(root).catch((error) => {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  });
  if (!info) throw new InputError("DATA_FOLDER_MISSING", `--data: the folder ${root} does not exist.`);
  if (!info.isDirectory()) {
    throw new InputError(
      "DATA_FOLDER_MISSING",
      `--data: ${root} is a file; name the folder that holds the table and the images.`,
    );
  }
}
