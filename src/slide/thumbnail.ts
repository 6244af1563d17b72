/** @module The thumbnail of a slide, averaged block by block, so that memory never holds a whole level. */
import { hasErrorCode } from "../errors/index";
import type { RgbImage } from "../image/index";
import type { Thumbnail } from "./tissue";
import { isInStrips, levelFor, type Rectangle, type SlideLevel, type SlideReader } from "./types";

/** Edge length of a block in pixels. */
const BLOCK = 1024;
const BLOCKS_AT_ONCE = 2;
const LONGEST_SIDE = 4096;

/**
 * Reduces a slide by averaging. Missing parts are white; damaged ones too, and they are marked.
 * @param downsample wanted number of level 0 pixels along a pixel; increased for very large slides
 */
export async function thumbnailOf(reader: SlideReader, downsample: number, signal?: AbortSignal): Promise<Thumbnail> {
  const { levels } = reader.info;
  const base = levels[0] as SlideLevel;
  const factor = Math.max(1, downsample, Math.max(base.width, base.height) / LONGEST_SIDE);
  const index = levelFor(levels, factor);
  const level = levels[index] as SlideLevel;
  // A whole number of level pixels per thumbnail pixel, so that all are averaged alike.
  const step = Math.max(1, Math.round(factor / level.downsample));
  const width = Math.ceil(level.width / step);
  const height = Math.ceil(level.height / step);
  const pixels = new Uint8Array(width * height * 3).fill(255);
  const unread = new Uint8Array(width * height);
  const read = async (regions: readonly Rectangle[], orElse: (region: Rectangle, error: Error) => unknown) => {
    for (const [i, image] of (await reader.readRegions(index, regions)).entries()) {
      const region = regions[i] as Rectangle;
      if (image instanceof Error) await orElse(region, image);
      else average(image, step, pixels, width, region.x / step, region.y / step);
    }
  };
  const mark = ({ x, y, width: wide, height: tall }: Rectangle) => {
    const [left, right] = [x / step, Math.ceil((x + wide) / step)];
    for (let row = y / step; row < (y + tall) / step; row++) unread.fill(1, row * width + left, row * width + right);
  };
  const [pieceWidth, pieceHeight] = [level.tileWidth, level.tileHeight].map((side) => Math.min(BLOCK, side));
  const blocks = parts({ x: 0, y: 0, ...level }, ...blockSize(level), step);
  for (let i = 0; i < blocks.length; i += BLOCKS_AT_ONCE) {
    signal?.throwIfAborted();
    await read(blocks.slice(i, i + BLOCKS_AT_ONCE), async (block, error) => {
      // Each piece of it may crash the reader again.
      if (hasErrorCode(error, "SLIDE_READER_CRASHED")) mark(block);
      // A damaged tile of the file does not hide what is around it.
      else await read(parts(block, pieceWidth as number, pieceHeight as number, step), mark);
    });
  }
  return { width, height, pixels, downsample: step * level.downsample, ...(unread.includes(1) && { unread }) };
}

/** Blocks of strips are as wide as the level, so that each strip is decoded once. */
function blockSize(level: SlideLevel): [width: number, height: number] {
  return isInStrips(level) ? [Number.POSITIVE_INFINITY, (BLOCK * BLOCK) / level.width] : [BLOCK, BLOCK];
}

/** Cuts a rectangle into parts of at most the given size, rounded to multiples of `step`. */
function parts(whole: Rectangle, width: number, height: number, step: number): Rectangle[] {
  const [right, bottom] = [whole.x + whole.width, whole.y + whole.height];
  const [across, down] = [width, height].map((side) => step * Math.max(1, Math.floor(side / step))) as [number, number];
  const found: Rectangle[] = [];
  for (let y = whole.y; y < bottom; y += down) {
    for (let x = whole.x; x < right; x += across) {
      found.push({ x, y, width: Math.min(across, right - x), height: Math.min(down, bottom - y) });
    }
  }
  return found;
}

/** Averages squares of `step` pixels into `out` (of width `outWidth`) from (left, top) on. */
function average(
  { data, width, height }: RgbImage,
  step: number,
  out: Uint8Array,
  outWidth: number,
  left: number,
  top: number,
): void {
  for (let y = 0; y * step < height; y++) {
    const bottom = Math.min(height, (y + 1) * step);
    for (let x = 0; x * step < width; x++) {
      const right = Math.min(width, (x + 1) * step);
      let [r, g, b] = [0, 0, 0];
      for (let row = y * step; row < bottom; row++) {
        for (let at = 3 * (row * width + x * step); at < 3 * (row * width + right); at += 3) {
          r += data[at] as number;
          g += data[at + 1] as number;
          b += data[at + 2] as number;
        }
      }
      const count = (bottom - y * step) * (right - x * step);
      out.set([r / count, g / count, b / count].map(Math.round), 3 * ((top + y) * outWidth + left + x));
    }
  }
}
