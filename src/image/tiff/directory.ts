/**
 * @module Reads the tags of the pages of a TIFF or BigTIFF file, but no pixels.
 * @see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf and https://libtiff.gitlab.io/libtiff/specification/bigtiff.html
 */
import type { FileHandle } from "node:fs/promises";

export const TAG = {
  subfile: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  description: 270,
  orientation: 274,
  stripOffsets: 273,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  xResolution: 282,
  yResolution: 283,
  planar: 284,
  resolutionUnit: 296,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  subPages: 330,
  extra: 338,
  sampleFormat: 339,
  jpegTables: 347,
  subsampling: 530,
  profile: 34675,
  software: 305,
  /** XML of Adobe's kind, where Ventana describes its slides. */
  xmp: 700,
  /** Hamamatsu's mark. */
  ndpi: 65420,
} as const;

/** Tags of a page: integers and fractions as numbers, texts and bytes as bytes. */
export type Tags = ReadonlyMap<number, readonly number[] | Uint8Array>;

/** A page and the pages below it. */
export interface Page {
  readonly tags: Tags;
  readonly subPages: readonly Tags[];
}

export interface TiffPages {
  readonly pages: readonly Page[];
  /** Whether numbers are little-endian. */
  readonly little: boolean;
  /** Whether the chain of pages ends in an invalid page. */
  readonly broken: boolean;
}

const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 13: 4, 16: 8, 18: 8 };
const BYTE_TYPES = [1, 2, 7];
const WANTED: ReadonlySet<number> = new Set<number>(Object.values(TAG));
/** More than any file has: damaged. */
const MOST_PAGES = 1000;
const MOST_SUB_PAGES = 64;
const MOST_ENTRIES = 4096;
/** Bytes of all tags together: the places of as many tiles as a slide of a million pixels squared has. */
const MOST_BYTES = 256 * 2 ** 20;
/** Bytes of a tag, except of those that can be long: numbers for each tile, texts and profiles. */
const MOST_TAG_BYTES = 2 ** 20;
const LONG_NUMBERS: readonly number[] = [TAG.stripOffsets, TAG.stripBytes, TAG.tileOffsets, TAG.tileBytes];
const LONG_BYTES: readonly number[] = [TAG.description, TAG.xmp, TAG.profile];

/**
 * Reads a file's pages.
 * @returns undefined if the file is not a TIFF
 * @throws {RangeError} if the first page is unreadable
 */
export async function readPages(file: FileHandle, size: number): Promise<TiffPages | undefined> {
  const begun = await begin(file, size);
  if (!begun) return undefined;
  const [source] = begun;
  const { little } = source;
  let next = begun[1];
  const pages: Page[] = [];
  const seen = new Set<number>();
  while (next !== 0) {
    if (seen.has(next) || pages.length === MOST_PAGES) return { pages, little, broken: true };
    seen.add(next);
    try {
      const { tags, after } = await readDirectory(source, next);
      const subPages: Tags[] = [];
      const below = numbers(tags, TAG.subPages);
      if (below.length > MOST_SUB_PAGES) throw new RangeError("a page with too many pages below it");
      for (const offset of below) subPages.push((await readDirectory(source, offset)).tags);
      pages.push({ tags, subPages });
      next = after;
    } catch (error) {
      if (!(error instanceof RangeError) || pages.length === 0) throw error;
      return { pages, little, broken: true };
    }
  }
  return { pages, little, broken: false };
}

/**
 * Some tags of the first two pages of a file in memory; undefined if it is not a TIFF.
 * @throws {RangeError} if one is unreadable
 */
export async function firstPages(
  bytes: Uint8Array,
  wanted: ReadonlySet<number>,
): Promise<readonly [Tags, second?: Tags] | undefined> {
  const begun = await begin(bytes, bytes.length);
  if (!begun) return undefined;
  const [source, start] = begun;
  const { tags, after } = await readDirectory(source, start, wanted);
  if (after === 0 || after === start) return [tags];
  return [tags, (await readDirectory(source, after, wanted)).tags];
}

/** A reader in the file's byte order, and the place of the first page. */
async function begin(file: FileHandle | Uint8Array, size: number): Promise<[Source, number] | undefined> {
  const source = new Source(file, size);
  const head = size >= 16 ? await source.bytes(0, 16) : new Uint8Array(16);
  const order = String.fromCharCode(head[0] as number, head[1] as number);
  if (order !== "II" && order !== "MM") return undefined;
  source.little = order === "II";
  const version = source.number(head, 2, 2);
  if (version !== 42 && version !== 43) return undefined;
  source.big = version === 43;
  const next = source.big ? source.number(head, 8, 8) : source.number(head, 4, 4);
  if (next === 0) throw new RangeError("it has no page");
  return [source, next];
}

/** A tag's numbers; empty if it is absent. */
export function numbers(tags: Tags, tag: number): readonly number[] {
  const value = tags.get(tag);
  return value === undefined ? [] : value instanceof Uint8Array ? [...value] : value;
}

/** A tag's first number. */
export function first(tags: Tags, tag: number): number | undefined {
  return tags.get(tag)?.[0];
}

/** A tag's text up to its terminator; empty if it is absent. */
export function text(tags: Tags, tag: number): string {
  const value = tags.get(tag);
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8").replace(/\0.*$/s, "") : "";
}

async function readDirectory(
  source: Source,
  offset: number,
  wanted: ReadonlySet<number> = WANTED,
): Promise<{ tags: Tags; after: number }> {
  const countBytes = source.big ? 8 : 2;
  const entryBytes = source.big ? 20 : 12;
  const word = source.big ? 8 : 4;
  const count = source.number(await source.bytes(offset, countBytes), 0, countBytes);
  if (count === 0 || count > MOST_ENTRIES) throw new RangeError("a page without tags or with too many");
  const entries = await source.bytes(offset + countBytes, count * entryBytes + word);
  const tags = new Map<number, readonly number[] | Uint8Array>();
  for (let i = 0; i < count; i++) {
    const at = i * entryBytes;
    const tag = source.number(entries, at, 2);
    const type = source.number(entries, at + 2, 2);
    const bytes = TYPE_BYTES[type];
    if (!wanted.has(tag) || bytes === undefined) continue;
    const values = source.number(entries, at + 4, word);
    const length = values * bytes;
    const ofBytes = BYTE_TYPES.includes(type);
    const canBeLong = (ofBytes ? LONG_BYTES : LONG_NUMBERS).includes(tag);
    if (length > MOST_TAG_BYTES && !canBeLong) throw new RangeError("a tag is too long");
    const inline = at + 4 + word;
    const raw =
      length <= word
        ? entries.subarray(inline, inline + length)
        : await source.bytes(source.number(entries, inline, word), length);
    tags.set(tag, ofBytes ? Uint8Array.from(raw) : source.numbers(raw, type, values));
  }
  return { tags, after: source.number(entries, count * entryBytes, word) };
}

/** Reads numbers from bytes of a file in its byte order. */
class Source {
  little = true;
  big = false;
  private left = MOST_BYTES;

  constructor(
    private readonly file: FileHandle | Uint8Array,
    private readonly size: number,
  ) {}

  /** @throws {RangeError} beyond the end of the file, or if all tags together are too long */
  async bytes(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) throw new RangeError("the file ends within its tags");
    this.left -= length;
    if (this.left < 0) throw new RangeError("its tags are too long");
    if (this.file instanceof Uint8Array) return this.file.subarray(offset, offset + length);
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.file.read(buffer, 0, length, offset);
    if (bytesRead < length) throw new RangeError("the file ends within its tags");
    return buffer;
  }

  number(bytes: Uint8Array, at: number, size: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (size === 8) return Number(view.getBigUint64(at, this.little));
    if (size === 4) return view.getUint32(at, this.little);
    return size === 2 ? view.getUint16(at, this.little) : view.getUint8(at);
  }

  numbers(bytes: Uint8Array, type: number, count: number): number[] {
    if (type === 5) {
      return Array.from({ length: count }, (_, i) => this.number(bytes, 8 * i, 4) / this.number(bytes, 8 * i + 4, 4));
    }
    const size = TYPE_BYTES[type] as number;
    return Array.from({ length: count }, (_, i) => this.number(bytes, i * size, size));
  }
}
