/**
 * @module Tensors on disk in the safetensors layout (8-byte header length, JSON header, raw little-endian data), which
 * Python reads with `safetensors.numpy.load_file`. Writes and reads slices, so that memory never holds a 1.4 GB kernel
 * twice.
 * @see https://github.com/huggingface/safetensors#format
 */
import { type FileHandle, open } from "node:fs/promises";
import { hasErrorCode, InputError } from "../errors/index";
import { writeAtomically, writeFully } from "./atomic";

/** Name and shape of a tensor of 32-bit floats. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A tensor to write: `data` returns its content, row-major, in one or more slices that fill the shape. */
export interface TensorToWrite extends TensorEntry {
  data(): Float32Array | Iterable<Float32Array> | AsyncIterable<Float32Array>;
}

interface HeaderEntry {
  dtype: "F32";
  shape: number[];
  data_offsets: [number, number];
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Writes tensors to one file, atomically. The header stores `metadata`. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, HeaderEntry | Readonly<Record<string, string>>> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape } of tensors) {
    const end = offset + 4 * sizeOf(shape);
    header[name] = { dtype: "F32", shape: [...shape], data_offsets: [offset, end] };
    offset = end;
  }
  const json = JSON.stringify(header);
  const text = json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8 - Buffer.byteLength(json) + json.length, " ");
  await writeAtomically(path, async (handle) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
    await writeFully(handle, length);
    await writeFully(handle, Buffer.from(text));
    for (const tensor of tensors) {
      const written = await writeSlices(handle, tensor.data());
      if (written !== sizeOf(tensor.shape)) {
        throw new RangeError(`Tensor ${tensor.name} has ${written} values; its shape needs ${sizeOf(tensor.shape)}.`);
      }
    }
  });
}

async function writeSlices(handle: FileHandle, data: ReturnType<TensorToWrite["data"]>): Promise<number> {
  let written = 0;
  for await (const slice of data instanceof Float32Array ? [data] : data) {
    await writeFully(handle, bytesOf(slice));
    written += slice.length;
  }
  return written;
}

/** An open safetensors file, whose content is read on demand. */
export class SafetensorsFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly dataStart: number,
    private readonly header: ReadonlyMap<string, HeaderEntry>,
    readonly metadata: Readonly<Record<string, string>>,
  ) {}

  /** @throws {InputError} `FILE_MISSING` or `TENSORS_UNREADABLE`, naming the file. */
  static async open(path: string): Promise<SafetensorsFile> {
    const handle = await open(path, "r").catch((error: unknown) => {
      if (hasErrorCode(error, "ENOENT")) throw new InputError("FILE_MISSING", `${path} does not exist.`);
      throw error;
    });
    try {
      const { size } = await handle.stat();
      const length = Buffer.alloc(8);
      await handle.read(length, 0, 8, 0);
      const headerLength = Number(length.readBigUInt64LE());
      if (headerLength > size - 8) throw new RangeError("header longer than the file");
      const text = Buffer.alloc(headerLength);
      await handle.read(text, 0, headerLength, 8);
      const { __metadata__: metadata = {}, ...entries } = JSON.parse(text.toString("utf8"));
      const header = new Map(Object.entries(entries as Record<string, HeaderEntry>));
      const end = Math.max(0, ...[...header.values()].map((entry) => entry.data_offsets[1]));
      if (8 + headerLength + end > size) throw new RangeError("content cut short");
      return new SafetensorsFile(path, handle, 8 + headerLength, header, metadata);
    } catch (error) {
      await handle.close();
      throw new InputError("TENSORS_UNREADABLE", `${path} is not a whole tensor file; restore it from another copy.`, {
        cause: error,
      });
    }
  }

  /** What `work` finds in a file, which is closed afterwards. @throws {InputError} as {@link open} */
  static async reading<T>(path: string, work: (file: SafetensorsFile) => T | Promise<T>): Promise<T> {
    const file = await SafetensorsFile.open(path);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }

  /** The tensors of the file, in file order. */
  entries(): TensorEntry[] {
    return [...this.header].map(([name, { shape }]) => ({ name, shape }));
  }

  has(name: string): boolean {
    return this.header.has(name);
  }

  /** Shape of a tensor. @throws {InputError} `TENSOR_MISSING`. */
  shapeOf(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  /** Reads a tensor, or `count` of its elements from `start` on, into a new array (row-major). */
  async read(name: string, start = 0, count?: number): Promise<Float32Array> {
    const { data_offsets, shape } = this.entry(name);
    const values = new Float32Array(count ?? sizeOf(shape) - start);
    const bytes = bytesOf(values);
    if (data_offsets[0] + 4 * start + bytes.length > data_offsets[1]) throw new RangeError(`Slice outside ${name}.`);
    let done = 0;
    while (done < bytes.length) {
      const length = Math.min(bytes.length - done, 1 << 30);
      const position = this.dataStart + data_offsets[0] + 4 * start + done;
      const { bytesRead } = await this.handle.read(bytes, done, length, position);
      if (bytesRead === 0) throw new InputError("TENSORS_UNREADABLE", `${this.path} ends in the middle of ${name}.`);
      done += bytesRead;
    }
    return values;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private entry(name: string): HeaderEntry {
    const entry = this.header.get(name);
    if (!entry) throw new InputError("TENSOR_MISSING", `${this.path} has no tensor ${name}.`);
    return entry;
  }
}
