/** @module The folder of a data set: checks it before anything is read, and marks drawn tiles by a file in it. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
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
    const unpack = /\.(?:zip|tar|tgz|gz|7z|rar)$/i.test(root) ? "unpack it, and " : "";
    const message = `--data: ${root} is a file; ${unpack}name the folder that holds the table and the images.`;
    throw new InputError("DATA_FOLDER_MISSING", message);
  }
}

export const DRAWN_FILE = "DRAWN.txt";
export const DRAWN_TEXT = `These tiles are drawn by a program. They show no tissue of anybody, and what is learned on them says nothing about tissue.
Models trained on this folder say so as long as this file is here.
`;

/** Whether a data set's folder is marked as drawn. */
export function isDrawn(directory: string): boolean {
  return existsSync(join(directory, DRAWN_FILE));
}
