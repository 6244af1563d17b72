/** @module Reads files through one buffer, so that gigabytes leave no garbage. */
import type { Hash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { TrackingInputError } from "./errors";

/** Large enough that calls cost nothing, small enough that hashing one blocks for less than a millisecond. */
const SLICE_BYTES = 1 << 20;

/** A file, as it was when its upload started. */
export interface LocalFile {
  readonly path: string;
  readonly size: number;
}

/** The bytes from `start` to `end` of a file, or to its end. Each slice is valid until the next one. */
async function* slicesOf(path: string, start: number, end: number): AsyncGenerator<Buffer> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(Math.min(SLICE_BYTES, end - start));
    for (let position = start; position < end; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - position), position);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** Updates each hash with the bytes from `start` to `end` of a file. */
export async function hashFile(path: string, hashes: readonly Hash[], start: number, end: number): Promise<void> {
  for await (const slice of slicesOf(path, start, end)) for (const hash of hashes) hash.update(slice);
}

/**
 * Writes the bytes from `start` to `end` of a file and ends `target`. `onSlice` gets each slice while it is being sent.
 * @throws {TrackingInputError} `ARTIFACT_CHANGED` if the file has become shorter
 */
export async function writeSlices(
  target: Writable,
  { path, size }: LocalFile,
  onSlice: (slice: Buffer) => void = () => undefined,
  start = 0,
  end = size,
): Promise<void> {
  try {
    let position = start;
    for await (const slice of slicesOf(path, start, end)) {
      // Reading ahead is slower, as measured: the system's socket buffers are enough.
      const sending = write(target, slice);
      onSlice(slice);
      await sending;
      position += slice.length;
    }
    if (position < end) throw new TrackingInputError("ARTIFACT_CHANGED", `${path} became shorter while it was sent.`);
    target.end();
  } catch (error) {
    target.destroy(error as Error);
    throw error;
  }
}

/** Resolves when the slice's buffer may be used again. */
function write(target: Writable, slice: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // A connection that closes before it is established silently drops pending writes.
    const onClose = () => reject(new Error("the connection was closed"));
    target.once("close", onClose);
    target.write(slice, (error) => {
      target.off("close", onClose);
      if (error) reject(error);
      else resolve();
    });
  });
}
