/** @module Content hashes of files and buffers. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

const SLICE_BYTES = 1 << 20;

/** SHA-256 of a file's content as lower-case hex. Reads one slice while it hashes the last. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path, "r");
  try {
    let [slice, other] = [Buffer.allocUnsafe(SLICE_BYTES), Buffer.allocUnsafe(SLICE_BYTES)];
    let pending = file.read(slice, 0, SLICE_BYTES, 0);
    for (let position = 0; ; ) {
      const { bytesRead } = await pending;
      if (bytesRead === 0) return hash.digest("hex");
      position += bytesRead;
      pending = file.read(other, 0, SLICE_BYTES, position);
      hash.update(slice.subarray(0, bytesRead));
      [slice, other] = [other, slice];
    }
  } finally {
    await file.close();
  }
}

/** SHA-256 of bytes or text as lower-case hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
