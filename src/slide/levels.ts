/** @module Selects the level to read for a scale, and tells how its pixels lie in the file. */
import type { SlideLevel } from "./types";

/** Tolerated factor, because levels are rounded to whole pixels and scales to a few digits. */
const TOLERANCE = 1.02;

/**
 * The coarsest level that is not coarser than wanted, so that pixels are never enlarged; level 0 if all are coarser.
 * @param downsample wanted number of level 0 pixels along a pixel
 */
export function levelFor(levels: readonly SlideLevel[], downsample: number): number {
  let best = 0;
  for (const [i, level] of levels.entries()) {
    const finer = level.downsample > (levels[best] as SlideLevel).downsample;
    if (finer && level.downsample <= downsample * TOLERANCE) best = i;
  }
  return best;
}

/** Whether a level is stored in strips, which are as wide as it is and decoded as a whole. */
export function isInStrips({ width, height, tileWidth, tileHeight }: SlideLevel): boolean {
  return tileWidth >= width && tileHeight < height;
}
