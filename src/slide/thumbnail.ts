/** @module The thumbnail of a slide, averaged block by block, so that memory never holds a whole level. */
import { levelFor } from "./levels";
import type { Thumbnail } from "./tissue";
import type { Rectangle, SlideLevel, SlideReader } from "./types";

/** Edge length of a block in pixels. */
const BLOCK = 1024;
const BLOCKS_AT_ONCE = 2;
const LONGEST_SIDE = 4096;

/**
 * Reduces a slide by averaging. Damaged and missing parts are white.
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
  const side = step * Math.max(1, Math.floor(BLOCK / step));
  const blocks: Rectangle[] = [];
  for (let y = 0; y < level.height; y += side) {
    for (let x = 0; x < level.width; x += side) {
      blocks.push({ x, y, width: Math.min(side, level.width - x), height: Math.min(side, level.height - y) });
    }
  }
  for (let i = 0; i < blocks.length; i += BLOCKS_AT_ONCE) {
    signal?.throwIfAborted();
    const some = blocks.slice(i, i + BLOCKS_AT_ONCE);
    for (const [k, region] of (await reader.readRegions(index, some)).entries()) {
      if (region instanceof Error) continue;
      const { x, y } = some[k] as Rectangle;
      average(region.data, region.width, region.height, step, pixels, width, x / step, y / step);
    }
  }
  return { width, height, pixels, downsample: step * level.downsample };
}

/** Averages squares of `step` pixels into `out` (of width `outWidth`) from (left, top) on. */
function average(
  data: Uint8Array,
  width: number,
  height: number,
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
