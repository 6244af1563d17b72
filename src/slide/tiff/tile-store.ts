/** @module Decodes the tiles of a TIFF page in groups, and caches the most recently used ones. */
import type { FileHandle } from "node:fs/promises";
import { asError, HistoError } from "../../errors/index";
import { Limit } from "../../machine/index";
import { type PageLayout, tileRows } from "./layout";
import { decodeStack, type FileValues } from "./tile-stack";

/** The pixels of a tile (uint8, RGB, [rows, tileWidth, 3]); null if the file does not have it; an error if it is unreadable. */
export type Tile = Buffer | Error | null;

/** Bytes of decoded tiles that are cached. */
const CACHE_BYTES = 64 * 2 ** 20;
/** Pixels decoded by one call: so many that starting the decoder takes a negligible share of the time. */
const GROUP_PIXELS = 32 * 256 * 256;
const MOST_IN_GROUP = 64;
const GROUPS = 3;
/** No compression makes a tile much larger than its pixels, of up to 8 bytes: a damaged file could say any length. */
const MOST_GROWTH = 16;
const MOST_HEAD_BYTES = 2 ** 20;

/** The tiles of a page, decoded on demand. */
export class TileStore {
  /** Least recently used first. */
  private readonly cache = new Map<number, Promise<Tile>>();
  private readonly mostCached: number;
  /** Compressed bytes of a plane of a tile. */
  private readonly mostBytes: number;
  private readonly turns = new Limit(GROUPS);

  constructor(
    private readonly file: FileHandle,
    private readonly layout: PageLayout,
    private readonly values: FileValues,
  ) {
    this.mostBytes = MOST_HEAD_BYTES + MOST_GROWTH * layout.tileWidth * layout.tileHeight;
    this.mostCached = Math.max(1, Math.floor(CACHE_BYTES / (layout.tileWidth * layout.tileHeight * 3)));
  }

  /** The tiles with these indices, which count row by row. */
  async tiles(indices: readonly number[]): Promise<Map<number, Tile>> {
    const { layout } = this;
    const wanted = [...new Set(indices)].sort((a, b) => a - b);
    const missing = wanted.filter((index) => !this.cache.has(index));
    const size = Math.max(
      1,
      Math.min(MOST_IN_GROUP, Math.floor(GROUP_PIXELS / (layout.tileWidth * layout.tileHeight))),
    );
    for (const group of groups(missing, size, (index) => tileRows(layout, index))) {
      const decoding = this.turns.run(() => this.decodeGroup(group));
      for (const index of group) {
        this.cache.set(
          index,
          decoding.then((tiles) => tiles.get(index) as Tile),
        );
      }
    }
    const found = wanted.map((index) => {
      const tile = this.cache.get(index) as Promise<Tile>;
      this.cache.delete(index);
      this.cache.set(index, tile);
      return tile;
    });
    const tiles = new Map<number, Tile>();
    for (const [i, tile] of (await Promise.all(found)).entries()) {
      const index = wanted[i] as number;
      tiles.set(index, tile);
      // It may be readable the next time, such as from a folder of another machine.
      if (tile instanceof Error && this.cache.get(index) === found[i]) this.cache.delete(index);
    }
    for (const index of this.cache.keys()) {
      if (this.cache.size <= this.mostCached) break;
      this.cache.delete(index);
    }
    return tiles;
  }

  /** Decodes tiles of the same height. Never throws: returns errors in place of unreadable tiles. */
  private async decodeGroup(indices: readonly number[]): Promise<Map<number, Tile>> {
    const tiles = new Map<number, Tile>();
    const present: number[] = [];
    const contents: Buffer[][] = [];
    const { bytes } = this.layout;
    const tooLong = (index: number) => this.placesOf(index).some((at) => (bytes[at] as number) > this.mostBytes);
    for (const index of indices.filter(tooLong)) {
      tiles.set(index, new HistoError("IMAGE_CORRUPT", "a tile has more bytes than its pixels can have"));
    }
    for (const [index, planes] of await this.read(indices.filter((index) => !tooLong(index)))) {
      const wrong = planes.find((plane) => plane instanceof Error);
      if (planes.length === 0) tiles.set(index, null);
      else if (wrong) tiles.set(index, wrong as Error);
      else {
        present.push(index);
        contents.push(planes as Buffer[]);
      }
    }
    if (present.length === 0) return tiles;
    try {
      const rows = tileRows(this.layout, present[0] as number);
      const decoded = await decodeStack(this.layout, contents, rows, this.values);
      for (const [i, index] of present.entries()) tiles.set(index, decoded[i] as Buffer);
    } catch (error) {
      if (present.length === 1) tiles.set(present[0] as number, asError(error));
      // At least one of them is damaged: decodes each on its own.
      else for (const index of present) for (const [key, tile] of await this.decodeGroup([index])) tiles.set(key, tile);
    }
    return tiles;
  }

  /** Where the layout lists the planes of a tile. */
  private placesOf(index: number): number[] {
    const { planes, across, down } = this.layout;
    return Array.from({ length: planes }, (_, plane) => plane * across * down + index);
  }

  /** Reads the compressed planes of tiles; none for a tile that the file does not have. */
  private async read(indices: readonly number[]): Promise<[index: number, planes: (Buffer | Error)[]][]> {
    const { offsets, bytes } = this.layout;
    const parts = indices.flatMap((index) => {
      const found = this.placesOf(index).map((at) => ({
        index,
        offset: offsets[at] as number,
        length: bytes[at] as number,
      }));
      return found.every(({ offset, length }) => offset > 0 && length > 0) ? found : [];
    });
    const read = await readParts(this.file, parts);
    return indices.map((index) => [index, read.filter((_, i) => parts[i]?.index === index)]);
  }
}

/** Splits items into runs of at most `size` with the same key. */
function groups(items: readonly number[], size: number, keyOf: (item: number) => number): number[][] {
  const result: number[][] = [];
  for (const item of items) {
    const last = result.at(-1);
    if (last && last.length < size && keyOf(last[0] as number) === keyOf(item)) last.push(item);
    else result.push([item]);
  }
  return result;
}

/** The place of a part in its file, in bytes. */
interface FilePart {
  readonly offset: number;
  readonly length: number;
}

/** Reading this many unneeded bytes is faster than a second call. */
const GAP = 16 * 1024;

/** Reads parts of a file. Returns an error in place of a part that cannot be read. */
export async function readParts(file: FileHandle, parts: readonly FilePart[]): Promise<(Buffer | Error)[]> {
  const found: (Buffer | Error)[] = [];
  for (const run of runsOf(parts)) {
    const places = run.map((place) => parts[place] as FilePart);
    const start = (places[0] as FilePart).offset;
    const end = places.reduce((most, { offset, length }) => Math.max(most, offset + length), start);
    const bytes = await readUpTo(file, start, end - start);
    for (const [i, place] of run.entries()) {
      const { offset, length } = places[i] as FilePart;
      if (!(bytes instanceof Error)) found[place] = part(bytes, offset - start, length);
      // The other parts may still be readable on their own.
      else found[place] = run.length === 1 ? bytes : ((await readParts(file, [places[i] as FilePart]))[0] as Buffer);
    }
  }
  return found;
}

/** Groups the indices of parts that are close to each other, in file order. */
function runsOf(parts: readonly FilePart[]): number[][] {
  const order = parts.map((_, place) => place);
  order.sort((a, b) => (parts[a] as FilePart).offset - (parts[b] as FilePart).offset);
  const runs: number[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const place of order) {
    const { offset, length } = parts[place] as FilePart;
    if (offset - end > GAP) runs.push([]);
    (runs.at(-1) as number[]).push(place);
    end = Math.max(end, offset + length);
  }
  return runs;
}

async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Buffer | Error> {
  try {
    const buffer = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await file.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    return asError(error);
  }
}

function part(bytes: Buffer, start: number, length: number): Buffer | Error {
  if (start + length <= bytes.length) return bytes.subarray(start, start + length);
  return new HistoError("SLIDE_TRUNCATED", "the file ends before this tile does");
}
