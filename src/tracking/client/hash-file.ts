/** @module Hashes of files, read through one buffer so that gigabytes leave no garbage behind. */
import type { Hash } from "node:crypto";
import { open } from "node:fs/promises";

const BUFFER_BYTES = 1 << 20;

/** Feeds the bytes from `start` to `end` (default: all) of a file into each hash. */
export async function hashFile(
  path: string,
  hashes: readonly Hash[],
  start = 0,
  end = Number.POSITIVE_INFINITY,
): Promise<void> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    for (let position = start; position < end; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - position), position);
      if (bytesRead === 0) return;
      for (const hash of hashes) hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
