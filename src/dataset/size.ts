/** @module The default size at which to pack a data set. */
import { countValues, spreadOver } from "../collections/index";
import { imageSize } from "../image/index";
import type { Dataset } from "./types";

/** Size of the reference task's tiles. */
export const DEFAULT_SIZE = 224;
const LARGEST_NATURAL_SIZE = 512;
const SAMPLE = 64;

/**
 * The tiles' edge length if most of them are square and of the same size, up to 512 pixels; otherwise {@link DEFAULT_SIZE}. Reads up
 * to 64 tiles, evenly spread over the set.
 */
export async function naturalSize(dataset: Dataset): Promise<number> {
  const sizes = await Promise.all(spreadOver(dataset.tiles, SAMPLE).map((tile) => imageSize(tile.path)));
  const [common] = countValues(sizes.flatMap((size) => (size && size[0] === size[1] ? [size[0]] : [])));
  const known = sizes.filter((size) => size !== undefined).length;
  return common && common[1] > known / 2 && common[0] <= LARGEST_NATURAL_SIZE ? common[0] : DEFAULT_SIZE;
}
