/** @module Reads a region of a slide that is damaged in part: what a damaged tile of the file does not cover is there. */
import { hasErrorCode } from "../errors/index";
import type { RgbImage } from "../image/index";
import type { Rectangle, SlideLevel, SlideReader } from "./types";

/** Reads a region; its damaged parts, which are as small as the tiles of the file, are white. */
export async function readAround(reader: SlideReader, level: number, region: Rectangle): Promise<RgbImage> {
  const [image] = await reader.readRegions(level, [region]);
  if (image && !(image instanceof Error)) return image;
  const { width, height } = region;
  const data = Buffer.alloc(width * height * 3, 255);
  // Each piece of it may crash the reader again.
  if (hasErrorCode(image, "SLIDE_READER_CRASHED")) return { width, height, data };
  const pieces = alongTiles(reader.info.levels[level] as SlideLevel, region);
  for (const [i, piece] of (await reader.readRegions(level, pieces)).entries()) {
    if (!(piece instanceof Error)) paste(piece, pieces[i] as Rectangle, data, region);
  }
  return { width, height, data };
}

/** Cuts a region at the borders of the file's tiles. */
function alongTiles({ tileWidth, tileHeight }: SlideLevel, { x, y, width, height }: Rectangle): Rectangle[] {
  const rows = cuts(y, y + height, tileHeight);
  return rows.flatMap(([top, bottom]) =>
    cuts(x, x + width, tileWidth).map(([left, right]) => {
      return { x: left, y: top, width: right - left, height: bottom - top };
    }),
  );
}

/** Cuts an interval at the multiples of a length. */
function cuts(start: number, end: number, length: number): [start: number, end: number][] {
  const found: [number, number][] = [];
  for (let at = start; at < end; ) {
    const next = Math.min(end, (Math.floor(at / length) + 1) * length);
    found.push([at, next]);
    at = next;
  }
  return found;
}

function paste({ data }: RgbImage, piece: Rectangle, out: Buffer, region: Rectangle): void {
  for (let row = 0; row < piece.height; row++) {
    const at = (piece.y - region.y + row) * region.width + piece.x - region.x;
    out.set(data.subarray(3 * row * piece.width, 3 * (row + 1) * piece.width), 3 * at);
  }
}
