/** @module Which level a scale is read from. */
import type { SlideLevel } from "./types";

/** Levels are rounded to whole pixels and scales to a few digits: this much coarser is the same. */
const TOLERANCE = 1.02;

/**
 * The coarsest level that is not coarser than wanted, so that pixels are only ever averaged; level 0 where even that is coarser.
 * @param downsample wanted pixels of level 0 along a pixel
 */
export function levelFor(levels: readonly SlideLevel[], downsample: number): number {
  let best = 0;
  for (const [i, level] of levels.entries()) {
    const finer = level.downsample > (levels[best] as SlideLevel).downsample;
    if (finer && level.downsample <= downsample * TOLERANCE) best = i;
  }
  return best;
}
