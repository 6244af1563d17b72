/** @module Writes small TIFF files in memory. @see TIFF 6.0, section 2 */
import { TAG } from "../../image/tiff/index";

/** A tag with its type (1: bytes, 3: 16-bit numbers, 4: 32-bit numbers, 7: bytes of any meaning). */
export type TiffEntry = readonly [tag: number, type: 1 | 3 | 4 | 7, values: readonly number[] | Uint8Array];

const VALUE_BYTES = { 1: 1, 3: 2, 4: 4, 7: 1 } as const;

interface TiffForm {
  readonly little: boolean;
  /** Whether the parts are tiles; otherwise they are strips. */
  readonly tiled: boolean;
}

/** A file of one page. @param entries all tags but those of the parts' places @param parts tiles or strips in order */
export function tiffFile(
  entries: readonly TiffEntry[],
  parts: readonly Uint8Array[],
  { little, tiled }: TiffForm,
): Buffer {
  const dataBytes = parts.map(({ length }) => length);
  const tagBytes =
    entries.reduce((sum, [, type, values]) => sum + outside(values.length * VALUE_BYTES[type]), 0) +
    2 * outside(4 * parts.length);
  let at = 8 + 2 + (entries.length + 2) * 12 + 4 + tagBytes;
  const offsets = dataBytes.map((length) => {
    const offset = at;
    at += length;
    return offset;
  });
  const [offsetsTag, bytesTag] = tiled
    ? [TAG.tileOffsets, TAG.tileBytes]
    : ([TAG.stripOffsets, TAG.stripBytes] as const);
  const file = Buffer.alloc(at);
  writeTags(file, [...entries, [offsetsTag, 4, offsets], [bytesTag, 4, dataBytes]], little);
  for (const [i, bytes] of parts.entries()) file.set(bytes, offsets[i]);
  return file;
}

function writeTags(file: Buffer, entries: TiffEntry[], little: boolean): void {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const put = (at: number, size: number, value: number) => {
    if (size === 4) view.setUint32(at, value, little);
    else if (size === 2) view.setUint16(at, value, little);
    else view.setUint8(at, value);
  };
  file.write(little ? "II" : "MM", "latin1");
  put(2, 2, 42);
  put(4, 4, 8);
  put(8, 2, entries.length);
  let free = 8 + 2 + entries.length * 12 + 4;
  const sorted = entries.sort(([a], [b]) => a - b);
  for (const [i, [tag, type, values]] of sorted.entries()) {
    const entry = 10 + 12 * i;
    const size = VALUE_BYTES[type];
    put(entry, 2, tag);
    put(entry + 2, 2, type);
    put(entry + 4, 4, values.length);
    const away = outside(values.length * size);
    if (away > 0) put(entry + 8, 4, free);
    const at = away > 0 ? free : entry + 8;
    if (values instanceof Uint8Array) file.set(values, at);
    else for (const [k, value] of values.entries()) put(at + k * size, size, value);
    free += away;
  }
}

/** Number of bytes that a value occupies outside its entry, in whole words. */
function outside(bytes: number): number {
  return bytes <= 4 ? 0 : Math.ceil(bytes / 4) * 4;
}
