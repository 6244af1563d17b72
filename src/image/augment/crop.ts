/** @module Zooming into a random square of an image. */
import type { Random } from "../../random/index";

/** Shares of the image's area that the square may have. */
export interface RandomCrop {
  readonly area: readonly [least: number, most: number];
}

/** Writes a random square of the image, scaled to its size (bilinear). @param from uint8, [size, size, 3] */
export function randomCrop(
  from: Uint8Array,
  into: Uint8Array,
  size: number,
  { area }: RandomCrop,
  random: Random,
): void {
  const scale = Math.sqrt(random.uniform(area[0], area[1]));
  const room = (1 - scale) * size;
  const columns = sampling(size, random.uniform(0, room), scale);
  const rows = sampling(size, random.uniform(0, room), scale);
  const width = 3 * size;
  let [upper, lower] = [new Uint16Array(width), new Uint16Array(width)];
  let [upperRow, lowerRow] = [-1, -1];
  for (let y = 0; y < size; y++) {
    const row = rows.first[y] as number;
    const next = Math.min(size - 1, row + 1);
    if (row === lowerRow) {
      // The picture is only ever enlarged, so that most rows were stretched for the row before.
      [upper, lower, upperRow, lowerRow] = [lower, upper, lowerRow, upperRow];
    }
    if (row !== upperRow) stretch(from.subarray(row * width, (row + 1) * width), upper, columns);
    if (next !== lowerRow) stretch(from.subarray(next * width, (next + 1) * width), lower, columns);
    [upperRow, lowerRow] = [row, next];
    const down = rows.share[y] as number;
    const target = into.subarray(y * width, (y + 1) * width);
    for (let i = 0; i < width; i++) {
      const above = upper[i] as number;
      target[i] = ((above << 8) + down * ((lower[i] as number) - above) + 32768) >> 16;
    }
  }
}

/** Where the samples of a line lie: the pixel before each, and how far towards the next one in 256ths. */
interface Sampling {
  readonly first: Int32Array;
  readonly share: Int32Array;
}

function sampling(size: number, start: number, scale: number): Sampling {
  const first = new Int32Array(size);
  const share = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const position = Math.min(size - 1, Math.max(0, start + (i + 0.5) * scale - 0.5));
    first[i] = Math.max(0, Math.min(size - 2, Math.floor(position)));
    share[i] = Math.round(256 * (position - (first[i] as number)));
  }
  return { first, share };
}

/** Samples a row of RGB pixels: values times 256. */
function stretch(from: Uint8Array, into: Uint16Array, { first, share }: Sampling): void {
  const last = from.length - 3;
  for (let x = 0, target = 0; x < first.length; x++, target += 3) {
    const at = 3 * (first[x] as number);
    const next = at < last ? at + 3 : at;
    const far = share[x] as number;
    const near = 256 - far;
    into[target] = near * (from[at] as number) + far * (from[next] as number);
    into[target + 1] = near * (from[at + 1] as number) + far * (from[next + 1] as number);
    into[target + 2] = near * (from[at + 2] as number) + far * (from[next + 2] as number);
  }
}
