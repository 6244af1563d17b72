/** @module What a path to write to names: an open file of this process, or a file or folder, maybe behind links; and names that are not too long. */
import { readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { hasErrorCode } from "../errors/index";

/** The system follows as many. */
const MOST_LINKS = 40;

/**
 * The descriptor that a path such as `/dev/stdout` or `/dev/fd/3` names. A shell's redirect gives it a file, which can hold text
 * already and is still written to later: another file must not take its place.
 */
export async function descriptorOf(path: string): Promise<number | undefined> {
  const folders = [`/proc/${process.pid}/fd`, "/dev/fd"];
  let place = resolve(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    const folder = await realpath(dirname(place)).catch(() => undefined);
    if (folder !== undefined && folders.includes(folder) && /^\d+$/.test(basename(place))) {
      return Number(basename(place));
    }
    const target = await readlink(place).catch(() => undefined);
    if (folder === undefined || target === undefined) return undefined;
    place = resolve(folder, target);
  }
  return undefined;
}

/** The file or folder behind links, which may be missing. @throws the system's `ELOOP` for links in a circle */
export async function behindLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (hasErrorCode(error, "ELOOP") || dirname(path) === path) throw error;
    const folder = await behindLinks(dirname(path));
    const target = await readlink(path).catch(() => undefined);
    return target === undefined ? join(folder, basename(path)) : behindLinks(resolve(folder, target));
  }
}

/** Largest name of a file on usual file systems, in bytes. */
const LONGEST = 255;

/** The name, without its last characters if it would be too long. @param added bytes that are added to it */
export function shortName(name: string, added: number): string {
  const most = LONGEST - added;
  if (Buffer.byteLength(name) <= most) return name;
  // Bytes that are left of a character become one replacement character.
  return Buffer.from(name)
    .subarray(0, most)
    .toString("utf8")
    .replace(/\uFFFD$/, "");
}
