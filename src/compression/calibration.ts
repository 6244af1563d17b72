/** @module The images that lossy exports are fitted to: training tiles, also rotated if there are few of them. */
import type { RunTiles } from "../conversion/index";

/** Number of images to use. Finding directions well takes a few times more images than directions. */
const IMAGES = 2048;
/** Quarter turns of an image. Tissue has no preferred orientation. */
const TURNS = 4;

/** Pixels of up to {@link IMAGES} images, uint8 [count, size, size, 3], evenly spread over the training tiles. */
export async function calibrationPixels(tiles: RunTiles, size: number, signal?: AbortSignal): Promise<Uint8Array> {
  const upright = await tiles.pixels(spread(tiles.training, IMAGES), signal);
  const bytes = size * size * 3;
  const images = upright.length / bytes;
  const turns = Math.min(TURNS, Math.max(1, Math.floor(IMAGES / Math.max(1, images))));
  const all = new Uint8Array(upright.length * turns);
  for (let turn = 0; turn < turns; turn++) {
    for (let image = 0; image < images; image++) {
      const from = upright.subarray(image * bytes, (image + 1) * bytes);
      turnImage(from, size, turn, all.subarray((turn * images + image) * bytes));
    }
  }
  return all;
}

/** Copies an image, rotated by a number of quarter turns. */
function turnImage(from: Uint8Array, size: number, turns: number, into: Uint8Array): void {
  if (turns === 0) {
    into.set(from);
    return;
  }
  const last = size - 1;
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at += 3) {
      const [sourceY, sourceX] = turns === 1 ? [x, last - y] : turns === 2 ? [last - y, last - x] : [last - x, y];
      const source = (sourceY * size + sourceX) * 3;
      into[at] = from[source]!;
      into[at + 1] = from[source + 1]!;
      into[at + 2] = from[source + 2]!;
    }
  }
}

/** At most `count` items, evenly spread over the list. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}
