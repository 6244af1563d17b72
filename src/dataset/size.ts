/** @module The size to pack a data set at when the user names none. */
import { imageSize } from "../image/index";
import { spreadOver } from "./sample";
import type { Dataset } from "./types";

/** Size of the reference task's tiles. */
export const DEFAULT_SIZE = 224;
const LARGEST_NATURAL_SIZE = 512;
const SAMPLE = 64;

/**
 * The tiles' own edge length where they are square, alike and at most 512 pixels, judged by up to 64 of them spread over the
 * set; otherwise {@link DEFAULT_SIZE}.
 */
export async function naturalSize(dataset: Dataset): Promise<number> {
  const sizes = await Promise.all(spreadOver(dataset.tiles, SAMPLE).map((tile) => imageSize(tile.path)));
  const counts = new Map<number, number>();
  for (const size of sizes) {
    if (size && size[0] === size[1]) counts.set(size[0], (counts.get(size[0]) ?? 0) + 1);
  }
  const [common] = [...counts].sort((a, b) => b[1] - a[1]);
  const known = sizes.filter((size) => size !== undefined).length;
  return common && common[1] > known / 2 && common[0] <= LARGEST_NATURAL_SIZE ? common[0] : DEFAULT_SIZE;
}
