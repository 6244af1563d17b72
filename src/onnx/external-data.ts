/** @module The files with the large tensors of a model (such as `model.onnx.data`), written once from start to end, and read in slices. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { writeFully } from "../files/index";

/** Offsets are multiples of this, so that a runtime can map tensors into memory (ONNX's recommendation). */
const ALIGNMENT = 4096;

/** Content of a tensor: all bytes, or slices that are computed on demand. */
export type TensorContent = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Writes the external data file. Computes its SHA-256 while writing, so that 1.4 GB need not be read again. */
export class ExternalData {
  private readonly hash = createHash("sha256");
  private handle: FileHandle | undefined;
  private position = 0;

  constructor(
    private readonly directory: string,
    readonly fileName: string,
    /** Called with the bytes written so far. May throw to stop. */
    private readonly onProgress: (bytes: number) => void = () => undefined,
  ) {}

  /** Appends the bytes of a tensor. @returns their place in the file */
  async append(content: TensorContent): Promise<{ offset: number; length: number }> {
    this.handle ??= await open(join(this.directory, this.fileName), "wx");
    await this.write(new Uint8Array((ALIGNMENT - (this.position % ALIGNMENT)) % ALIGNMENT));
    const offset = this.position;
    for await (const slice of content instanceof Uint8Array ? [content] : content) await this.write(slice);
    return { offset, length: this.position - offset };
  }

  /** Makes the file durable. @returns its SHA-256, or undefined if there is no file */
  async close(): Promise<string | undefined> {
    if (!this.handle) return undefined;
    await this.handle.sync();
    await this.handle.close();
    this.handle = undefined;
    return this.hash.digest("hex");
  }

  /** Closes the file after a failure. */
  async abort(): Promise<void> {
    await this.handle?.close().catch(() => undefined);
  }

  private async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.hash.update(bytes);
    await writeFully(this.handle!, bytes);
    this.position += bytes.length;
    this.onProgress(this.position);
  }
}

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
