/**
 * @module The file of a packed pixel store: the uint8 pixels of all images in slots of equal size, a JSON index, and a trailer
 * of 16 bytes (length of the index, magic). A single file, so that pixels and index always match.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { InputError } from "../../errors/index";
import { sha256, writeFully } from "../../files/index";
import type { ImageWarning } from "../../image/index";
import type { PixelStore, UnreadableImage } from "../types";

/** The state of an image file, to detect changes. */
export interface FileStamp {
  readonly bytes: number;
  readonly modified: number;
  readonly sha256: string;
}

export interface StoredImage extends FileStamp {
  readonly name: string;
  /** SHA-256 of the decoded pixels. */
  readonly pixels: string;
  /** Width and height before resizing. */
  readonly original: readonly [number, number];
  readonly warnings?: readonly ImageWarning[];
}

interface StoreIndex {
  readonly version: number;
  readonly size: number;
  readonly resize: string;
  readonly images: readonly StoredImage[];
  readonly skipped: readonly (FileStamp & UnreadableImage)[];
}

/** To be incremented when decoding or the layout changes, so that older stores are built again. */
export const STORE_VERSION = 3;
const MAGIC = Buffer.from("HISTOPX1");
const LARGEST_READ = 1 << 30;

/** Writes index and trailer after the last slot. */
export async function writeStoreIndex(handle: FileHandle, index: StoreIndex): Promise<void> {
  const json = Buffer.from(JSON.stringify(index));
  const trailer = Buffer.alloc(16);
  trailer.writeBigUInt64LE(BigInt(json.length));
  MAGIC.copy(trailer, 8);
  const end = index.images.length * bytesPerImage(index.size);
  await writeFully(handle, json, end);
  await writeFully(handle, trailer, end + json.length);
}

export function bytesPerImage(size: number): number {
  return size * size * 3;
}

export class StoreFile implements PixelStore {
  readonly size: number;
  readonly bytesPerImage: number;
  readonly names: readonly string[];
  readonly contentHash: string;
  readonly skipped: readonly UnreadableImage[];
  readonly originalSizes: readonly (readonly [number, number])[];
  readonly pixelHashes: readonly string[];
  readonly warnings: NonNullable<PixelStore["warnings"]>;
  private readonly positions: ReadonlyMap<string, number>;

  private constructor(
    readonly path: string,
    private descriptor: number | undefined,
    readonly index: StoreIndex,
  ) {
    this.size = index.size;
    this.bytesPerImage = bytesPerImage(index.size);
    this.names = index.images.map((image) => image.name);
    this.positions = new Map(this.names.map((name, position) => [name, position]));
    this.skipped = index.skipped.map(({ name, reason }) => ({ name, reason }));
    this.originalSizes = index.images.map((image) => image.original);
    this.pixelHashes = index.images.map((image) => image.pixels);
    this.warnings = warningsOf(index);
    this.contentHash = sha256(JSON.stringify([index.size, this.names, this.pixelHashes]));
  }

  /** Opens a store file; undefined if it is missing, damaged or of another version. */
  static open(path: string): StoreFile | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, "r");
      const index = readIndex(descriptor, fstatSync(descriptor).size);
      if (index) return new StoreFile(path, descriptor, index);
    } catch {
      // Missing or damaged stores are built again from the images.
    }
    if (descriptor !== undefined) closeSync(descriptor);
    return undefined;
  }

  positionOf(name: string): number {
    const position = this.positions.get(name);
    if (position !== undefined) return position;
    const skipped = this.skipped.find((image) => image.name === name);
    const why = skipped ? `was skipped when the images were packed: ${skipped.reason}` : "is not in the packed store";
    throw new InputError("STORE_TILE_MISSING", `${name} ${why}.`);
  }

  read(positions: ArrayLike<number>, into: Uint8Array): void {
    const each = this.bytesPerImage;
    if (this.descriptor === undefined) throw new Error("The pixel store is closed.");
    if (into.length < positions.length * each) throw new RangeError("The buffer is too small for the images.");
    const longestRun = Math.max(1, Math.floor(LARGEST_READ / each));
    for (let start = 0; start < positions.length; ) {
      const first = positions[start] as number;
      if (!(first >= 0 && first < this.names.length)) throw new RangeError(`No image at position ${first}.`);
      let run = 1;
      while (run < longestRun && start + run < positions.length && positions[start + run] === first + run) run++;
      readFully(this.descriptor, into, start * each, run * each, first * each);
      start += run;
    }
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}

function warningsOf({ images }: StoreIndex): StoreFile["warnings"] {
  const names: Partial<Record<ImageWarning, string[]>> = {};
  for (const { name, warnings = [] } of images) {
    for (const warning of warnings) {
      const alike = names[warning] ?? [];
      alike.push(name);
      names[warning] = alike;
    }
  }
  return names;
}

function readIndex(descriptor: number, fileBytes: number): StoreIndex | undefined {
  const trailer = Buffer.alloc(16);
  if (fileBytes < trailer.length) return undefined;
  readFully(descriptor, trailer, 0, trailer.length, fileBytes - trailer.length);
  const jsonBytes = Number(trailer.readBigUInt64LE());
  if (!trailer.subarray(8).equals(MAGIC) || jsonBytes > fileBytes - trailer.length) return undefined;
  const json = Buffer.alloc(jsonBytes);
  readFully(descriptor, json, 0, jsonBytes, fileBytes - trailer.length - jsonBytes);
  const index = JSON.parse(json.toString("utf8")) as StoreIndex;
  const pixelBytes = index.images.length * bytesPerImage(index.size);
  return index.version === STORE_VERSION && pixelBytes + jsonBytes + trailer.length === fileBytes ? index : undefined;
}

function readFully(descriptor: number, into: Uint8Array, offset: number, length: number, position: number): void {
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, into, offset + done, length - done, position + done);
    if (count === 0) throw new Error("The packed pixel store ends too early; delete it and pack again.");
    done += count;
  }
}
