/** @module The content of tensors that is in other files than the graph, read slice by slice: it may be larger than 2 GiB. */
import { type FileHandle, open } from "node:fs/promises";

/** A part of a file. */
export interface FilePart {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const SLICE_BYTES = 2 ** 24;

/** The bytes of a part, in slices. Each slice is valid until the next one is read. */
export async function* slicesOf({ path, offset, length }: FilePart): AsyncGenerator<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const slice = Buffer.allocUnsafe(Math.min(length, SLICE_BYTES));
    for (let done = 0; done < length; done += slice.length) {
      const wanted = slice.subarray(0, Math.min(slice.length, length - done));
      await fill(handle, wanted, offset + done);
      yield wanted;
    }
  } finally {
    await handle.close();
  }
}

/** All bytes of a part. */
export async function wholeOf(part: FilePart): Promise<Uint8Array> {
  const whole = new Uint8Array(part.length);
  let done = 0;
  for await (const slice of slicesOf(part)) {
    whole.set(slice, done);
    done += slice.length;
  }
  return whole;
}

async function fill(handle: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new Error("a file with weights ends too early");
    done += bytesRead;
  }
}
