/** @module Checks that a file can be written, before the work whose result it is to hold. */
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError, messageOf } from "../errors/index";
import { isDirectory } from "./directory";

/**
 * Tries to write beside the file, or into the nearest folder above it that exists. Leaves nothing behind.
 * @param option the option that named it, for the message
 * @param named what the option named, where that is not the file itself
 * @throws {InputError} `OUT_NOT_WRITABLE`
 */
export async function mustBeWritable(option: string, path: string, named = path): Promise<void> {
  const refuse = (reason: string) => new InputError("OUT_NOT_WRITABLE", `${option}: ${reason}`);
  if (await isDirectory(path)) throw refuse(`${path} is a folder; name a file in it.`);
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  const probe = join(folder, `.writable-${process.pid}`);
  try {
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    throw refuse(`${named} cannot be written (${messageOf(error)}); name another place.`);
  }
}
