/** @module Assembles a region from the tiles below it. */
import type { RgbImage } from "../image/index";
import type { Rectangle } from "./types";

interface TileGrid {
  readonly width: number;
  readonly height: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly across: number;
}

/** The part of `into` for each region, in order; undefined without `into`. */
export function memoryFor(regions: readonly Rectangle[], into: Buffer | undefined): (Buffer | undefined)[] {
  let end = 0;
  return regions.map(({ width, height }) => {
    const start = end;
    end += width * height * 3;
    return into?.subarray(start, end);
  });
}

/** Indices (row by row) of the tiles below a region. */
export function tilesUnder(grid: TileGrid, region: Rectangle): number[] {
  const { left, top, right, bottom } = inside(grid, region);
  const found: number[] = [];
  if (right <= left || bottom <= top) return found;
  for (let row = Math.floor(top / grid.tileHeight); row * grid.tileHeight < bottom; row++) {
    for (let column = Math.floor(left / grid.tileWidth); column * grid.tileWidth < right; column++) {
      found.push(row * grid.across + column);
    }
  }
  return found;
}

/**
 * Assembles a region's pixels; parts without a tile are white.
 * @param tileAt returns the pixels (uint8, RGB, as wide as the grid's tiles) of the tile at an index, or null
 * @param out memory for the pixels
 */
export function assemble(
  grid: TileGrid,
  region: Rectangle,
  tileAt: (place: number) => Buffer | null,
  out: Buffer = Buffer.allocUnsafe(region.width * region.height * 3),
): RgbImage {
  const { left, top, right, bottom } = inside(grid, region);
  const places = tilesUnder(grid, region);
  const exceedsGrid = right - left < region.width || bottom - top < region.height;
  if (exceedsGrid || places.some((place) => tileAt(place) === null)) out.fill(255);
  for (const place of places) {
    const tile = tileAt(place);
    if (!tile) continue;
    const tileLeft = (place % grid.across) * grid.tileWidth;
    const tileTop = Math.floor(place / grid.across) * grid.tileHeight;
    const x = Math.max(left, tileLeft);
    const length = (Math.min(right, tileLeft + grid.tileWidth) - x) * 3;
    const end = Math.min(bottom, tileTop + grid.tileHeight);
    for (let y = Math.max(top, tileTop); y < end; y++) {
      const from = ((y - tileTop) * grid.tileWidth + x - tileLeft) * 3;
      tile.copy(out, ((y - region.y) * region.width + x - region.x) * 3, from, from + length);
    }
  }
  return { width: region.width, height: region.height, data: out };
}

function inside({ width, height }: TileGrid, region: Rectangle) {
  return {
    left: Math.max(0, region.x),
    top: Math.max(0, region.y),
    right: Math.min(width, region.x + region.width),
    bottom: Math.min(height, region.y + region.height),
  };
}
