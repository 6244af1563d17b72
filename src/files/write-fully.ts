/** @module Writes all bytes: one system call may write fewer than it was given. */
import type { FileHandle } from "node:fs/promises";

/** Maximum bytes per call: Linux writes at most 2 GiB at once, and Node refuses more. */
const LARGEST_WRITE = 1 << 30;

/**
 * Writes all bytes, at `position` or else at the current position.
 * @throws the system's error, such as `ENOSPC`
 */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(bytes.length - done, LARGEST_WRITE);
    const { bytesWritten } = await handle.write(bytes, done, length, position === undefined ? null : position + done);
    done += bytesWritten;
  }
}
