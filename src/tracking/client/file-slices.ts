/** @module A file on its way to a server, through one buffer, so that gigabytes leave no garbage behind. */
import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { TrackingInputError } from "./errors";

/** Large enough that the calls cost nothing, small enough that a hash over one holds nothing up (under a millisecond). */
const SLICE_BYTES = 1 << 20;

/** A file as it was when the upload was asked for. */
export interface LocalFile {
  readonly path: string;
  readonly size: number;
}

/**
 * Writes the bytes from `start` to `end` of a file and ends `target`. Each slice is shown to `seen` while it is on its way.
 * @throws {TrackingInputError} `ARTIFACT_CHANGED` where the file has become shorter
 */
export async function writeSlices(
  target: Writable,
  { path, size }: LocalFile,
  seen: (slice: Buffer) => void = () => undefined,
  start = 0,
  end = size,
): Promise<void> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(Math.min(SLICE_BYTES, end - start));
    for (let position = start; position < end; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - position), position);
      if (bytesRead === 0) {
        throw new TrackingInputError("ARTIFACT_CHANGED", `${path} became shorter while it was sent.`);
      }
      const slice = buffer.subarray(0, bytesRead);
      // Reading ahead meanwhile was measured to be slower: the system's socket buffers are ahead enough.
      const sending = write(target, slice);
      seen(slice);
      await sending;
      position += bytesRead;
    }
    target.end();
  } catch (error) {
    target.destroy(error as Error);
    throw error;
  } finally {
    await handle.close();
  }
}

/** Resolves when the slice's buffer may be used again. */
function write(target: Writable, slice: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // A connection that closes before it is made drops what waits for it without a word.
    const onClose = () => reject(new Error("the connection was closed"));
    target.once("close", onClose);
    target.write(slice, (error) => {
      target.off("close", onClose);
      if (error) reject(error);
      else resolve();
    });
  });
}
