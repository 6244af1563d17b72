/** @module Checks that a file can be written, before the work whose result it is to hold. */
import { rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError, messageOf } from "../errors/index";
import { makeDirectory } from "./directory";

/**
 * Makes the file's folder and tries to write beside it.
 * @param option the option that named it, for the message
 * @param named what the option named, where that is not the file itself
 * @throws {InputError} `OUT_NOT_WRITABLE`
 */
export async function mustBeWritable(option: string, path: string, named = path): Promise<void> {
  const refuse = (reason: string) => new InputError("OUT_NOT_WRITABLE", `${option}: ${reason}`);
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory()) throw refuse(`${path} is a folder; name a file in it.`);
  const probe = join(dirname(path), `.writable-${process.pid}`);
  try {
    await makeDirectory(dirname(path));
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    throw refuse(`${named} cannot be written (${messageOf(error)}); name another place.`);
  }
}
