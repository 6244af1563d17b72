/** @module Names of files that are made from other names, within what file systems allow. */

/** Largest name of a file on usual file systems, in bytes. */
const LONGEST = 255;

/**
 * The name, without its last characters if it would be too long.
 * @param added bytes that are added to it
 */
export function shortName(name: string, added: number): string {
  const most = LONGEST - added;
  if (Buffer.byteLength(name) <= most) return name;
  // Bytes that are left of a character become one replacement character.
  return Buffer.from(name)
    .subarray(0, most)
    .toString("utf8")
    .replace(/\uFFFD$/, "");
}
