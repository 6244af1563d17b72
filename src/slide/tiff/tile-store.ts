/** @module The decoded tiles of one page of a TIFF file: decoded in groups, the latest kept. */
import type { FileHandle } from "node:fs/promises";
import { messageOf } from "../../errors/index";
import type { SampleMeaning } from "../../image/index";
import { type PageLayout, tileRows } from "./layout";
import { readParts } from "./read-parts";
import { decodeStack } from "./tile-stack";

/** A tile's pixels (uint8, RGB, [rows, tileWidth, 3]), null where the file has none, or what is wrong with it. */
export type Tile = Buffer | Error | null;

/** Tiles that are decoded by one call, by their pixels: enough that starting the decoder does not count. */
const GROUP_PIXELS = 32 * 256 * 256;
const MOST_IN_GROUP = 64;
/** Groups under way at the same time. */
const GROUPS = 3;

/** Tiles of a page, decoded when they are asked for. */
export class TileStore {
  /** In the order of their use. */
  private readonly kept = new Map<number, Promise<Tile>>();
  private readonly most: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param memory bytes of decoded tiles that are kept after their use */
  constructor(
    private readonly file: FileHandle,
    private readonly layout: PageLayout,
    private readonly little: boolean,
    private readonly meaning: SampleMeaning,
    memory: number,
  ) {
    this.most = Math.max(1, Math.floor(memory / (layout.tileWidth * layout.tileHeight * 3)));
  }

  /** Tiles by their places in the page, row by row. */
  async tiles(indices: readonly number[]): Promise<Map<number, Tile>> {
    const { layout } = this;
    const wanted = [...new Set(indices)].sort((a, b) => a - b);
    const missing = wanted.filter((index) => !this.kept.has(index));
    const size = Math.max(
      1,
      Math.min(MOST_IN_GROUP, Math.floor(GROUP_PIXELS / (layout.tileWidth * layout.tileHeight))),
    );
    for (const group of groups(missing, size, (index) => tileRows(layout, index))) {
      const decoding = this.limited(() => this.decodeGroup(group));
      for (const index of group) {
        this.kept.set(
          index,
          decoding.then((tiles) => tiles.get(index) as Tile),
        );
      }
    }
    const found = wanted.map((index) => {
      const tile = this.kept.get(index) as Promise<Tile>;
      this.kept.delete(index);
      this.kept.set(index, tile);
      return tile;
    });
    const tiles = new Map<number, Tile>();
    for (const [i, tile] of (await Promise.all(found)).entries()) tiles.set(wanted[i] as number, tile);
    for (const index of this.kept.keys()) {
      if (this.kept.size <= this.most) break;
      this.kept.delete(index);
    }
    return tiles;
  }

  private async limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= GROUPS) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }

  /** Never throws: what is wrong stands in a tile's place. */
  private async decodeGroup(indices: readonly number[]): Promise<Map<number, Tile>> {
    const tiles = new Map<number, Tile>();
    const present: number[] = [];
    const contents: Buffer[][] = [];
    for (const [index, planes] of await this.read(indices)) {
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
      const decoded = await decodeStack(this.layout, contents, rows, this.little, this.meaning);
      for (const [i, index] of present.entries()) tiles.set(index, decoded[i] as Buffer);
    } catch (error) {
      if (present.length === 1) tiles.set(present[0] as number, asError(error));
      // One of them is damaged; the others are not.
      else for (const index of present) for (const [key, tile] of await this.decodeGroup([index])) tiles.set(key, tile);
    }
    return tiles;
  }

  /** The compressed bytes of tiles' planes; no planes where the file does not have the tile. */
  private async read(indices: readonly number[]): Promise<[index: number, planes: (Buffer | Error)[]][]> {
    const { offsets, bytes, planes, across, down } = this.layout;
    const parts = indices.flatMap((index) => {
      const places = Array.from({ length: planes }, (_, plane) => plane * across * down + index);
      const found = places.map((at) => ({ index, offset: offsets[at] as number, length: bytes[at] as number }));
      return found.every(({ offset, length }) => offset > 0 && length > 0) ? found : [];
    });
    const read = await readParts(this.file, parts);
    return indices.map((index) => [index, read.filter((_, i) => parts[i]?.index === index)]);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error));
}

/** Runs of at most `size` items with the same key. */
function groups(items: readonly number[], size: number, keyOf: (item: number) => number): number[][] {
  const result: number[][] = [];
  for (const item of items) {
    const last = result.at(-1);
    if (last && last.length < size && keyOf(last[0] as number) === keyOf(item)) last.push(item);
    else result.push([item]);
  }
  return result;
}
