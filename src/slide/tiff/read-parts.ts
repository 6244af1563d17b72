/** @module Reads parts of a file, with one call for parts that are close to each other, as the tiles of a slide mostly are. */
import type { FileHandle } from "node:fs/promises";
import { asError, HistoError } from "../../errors/index";

/** The place of a part in its file, in bytes. */
export interface FilePart {
  readonly offset: number;
  readonly length: number;
}

/** Reading this many unneeded bytes is faster than a second call. */
const GAP = 16 * 1024;

/** Reads parts of a file. Returns an error in place of a part that cannot be read. */
export async function readParts(file: FileHandle, parts: readonly FilePart[]): Promise<(Buffer | Error)[]> {
  const found: (Buffer | Error)[] = [];
  for (const run of runsOf(parts)) {
    const places = run.map((place) => parts[place] as FilePart);
    const start = (places[0] as FilePart).offset;
    const end = places.reduce((most, { offset, length }) => Math.max(most, offset + length), start);
    const bytes = await readUpTo(file, start, end - start);
    for (const [i, place] of run.entries()) {
      const { offset, length } = places[i] as FilePart;
      if (!(bytes instanceof Error)) found[place] = part(bytes, offset - start, length);
      // The other parts may still be readable on their own.
      else found[place] = run.length === 1 ? bytes : ((await readParts(file, [places[i] as FilePart]))[0] as Buffer);
    }
  }
  return found;
}

/** Groups the indices of parts that are close to each other, in file order. */
function runsOf(parts: readonly FilePart[]): number[][] {
  const order = parts.map((_, place) => place);
  order.sort((a, b) => (parts[a] as FilePart).offset - (parts[b] as FilePart).offset);
  const runs: number[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const place of order) {
    const { offset, length } = parts[place] as FilePart;
    if (offset - end > GAP) runs.push([]);
    (runs.at(-1) as number[]).push(place);
    end = Math.max(end, offset + length);
  }
  return runs;
}

async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Buffer | Error> {
  try {
    const buffer = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await file.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    return asError(error);
  }
}

function part(bytes: Buffer, start: number, length: number): Buffer | Error {
  if (start + length <= bytes.length) return bytes.subarray(start, start + length);
  return new HistoError("SLIDE_TRUNCATED", "the file ends before this tile does");
}
