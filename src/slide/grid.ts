/** @module The tile grid of a slide at the model's scale, and its tiles with tissue. */
import { InputError } from "../errors/index";
import { MaskSums, type Thumbnail, tissueMask } from "./tissue";
import { isInStrips, levelFor, type Rectangle, type SlideInfo, type SlideLevel } from "./types";

/** Settings of the tile grid. Plain data. */
export interface GridSettings {
  /** Edge length of a tile in pixels at the scale of the training images, before it is resized to the model's input. */
  readonly size: number;
  /** Pixels of level 0 along such a pixel. */
  readonly downsample: number;
  /** Overlap of neighbouring tiles as a share of a tile, from 0 to below 1. */
  readonly overlap: number;
  /** Minimum share of tissue; 0 for every tile. */
  readonly leastTissue: number;
}

export interface GridTile {
  readonly column: number;
  readonly row: number;
  /** Upper left corner in pixels of level 0. */
  readonly x: number;
  readonly y: number;
  /** Share of tissue, 0 to 1. */
  readonly tissue: number;
}

/** A group of neighbouring tiles, read and predicted together. */
type Block = readonly GridTile[];

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Pixels of level 0 along a tile. */
  readonly extent: number;
  /** Pixels of level 0 from a tile to the next. */
  readonly step: number;
  /** Tiles with tissue, in blocks. */
  readonly blocks: readonly Block[];
  readonly tissueTiles: number;
}

/** Side of a block in tiles: large, so that few of the file's tiles are decoded for two blocks. */
const BLOCK_SIDE = 16;
/** More are not held in memory. */
const MOST_TILES = 4_000_000;

/**
 * Creates the grid of a slide and keeps the tiles with tissue. The last column and row can extend beyond the edge.
 * @throws {InputError} `SLIDE_TOO_MANY_TILES`
 */
export function gridOf(info: SlideInfo, settings: GridSettings, thumbnail: Thumbnail): Grid {
  const { width, height } = info.levels[0] as SlideLevel;
  const extent = settings.size * settings.downsample;
  const step = stepOf(extent, settings.overlap);
  const along = (length: number) => 1 + Math.max(0, Math.ceil((length - extent) / step - 1e-9));
  const [columns, rows] = [along(width), along(height)];
  if (columns * rows > MOST_TILES) {
    const problem = `${info.path} would have ${columns} x ${rows} tiles, at most ${MOST_TILES} are possible`;
    const message = `${problem}; check the scales (--mpp, --slide-mpp), or lower --overlap.`;
    const toClient = `${problem}; check the scales (mpp, slide_mpp), or lower the overlap.`;
    throw new InputError("SLIDE_TOO_MANY_TILES", message, { toClient });
  }
  const sums = new MaskSums(tissueMask(thumbnail), thumbnail.width, thumbnail.height);
  const scale = 1 / thumbnail.downsample;
  const blocks: Block[] = [];
  const level = info.levels[levelFor(info.levels, settings.downsample)] as SlideLevel;
  // Blocks of strips are as wide as the slide, so that few strips are decoded for two blocks.
  const across = isInStrips(level) ? Math.min(columns, BLOCK_SIDE ** 2) : BLOCK_SIDE;
  const down = Math.floor(BLOCK_SIDE ** 2 / across);
  for (let top = 0; top < rows; top += down) {
    for (let left = 0; left < columns; left += across) {
      const block: GridTile[] = [];
      for (let row = top; row < Math.min(rows, top + down); row++) {
        for (let column = left; column < Math.min(columns, left + across); column++) {
          const [x, y] = [Math.round(column * step), Math.round(row * step)];
          const tissue = sums.share(x * scale, y * scale, extent * scale, extent * scale);
          if (tissue >= settings.leastTissue) block.push({ column, row, x, y, tissue });
        }
      }
      if (block.length > 0) blocks.push(block);
    }
  }
  return { columns, rows, extent, step, blocks, tissueTiles: blocks.reduce((sum, block) => sum + block.length, 0) };
}

/** Pixels of level 0 from a tile to the next. */
export function stepOf(extent: number, overlap: number): number {
  return Math.max(1, extent * (1 - overlap));
}

/** A tile's rectangle in whole pixels of level 0. Tiles without overlap share their edges. */
export function tileBounds({ extent, step }: Grid, { column, row, x, y }: GridTile): Rectangle {
  const end = (place: number) => Math.round((place + extent / step) * step);
  return { x, y, width: end(column) - x, height: end(row) - y };
}

/** The level from which tiles are read, and the rectangle of a tile there. */
export function tileReading(levels: readonly SlideLevel[], { size, downsample }: GridSettings) {
  const level = levelFor(levels, downsample);
  const scale = (levels[level] as SlideLevel).downsample;
  const side = Math.max(1, Math.round((size * downsample) / scale));
  const regionOf = ({ x, y }: { readonly x: number; readonly y: number }): Rectangle => {
    return { x: Math.round(x / scale), y: Math.round(y / scale), width: side, height: side };
  };
  return { level, side, regionOf };
}
