/** @module Writing all of it: one call of the system may take less than it was given, and says so only in its answer. */
import type { FileHandle } from "node:fs/promises";

/** The most given to one call; Linux takes no more than 2 GiB at once, and Node refuses longer ones. */
const LARGEST_WRITE = 1 << 30;

/**
 * Writes all bytes, at `position` or, where none is said, at the end of what was written so far.
 * @throws the system's error (such as `ENOSPC`) where they do not all fit
 */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(bytes.length - done, LARGEST_WRITE);
    const { bytesWritten } = await handle.write(bytes, done, length, position === undefined ? null : position + done);
    done += bytesWritten;
  }
}
