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
  const [left, top] = [random.uniform(0, room), random.uniform(0, room)];
  const columns = new Int32Array(size);
  const shares = new Int32Array(size);
  const place = (index: number, start: number): [number, number] => {
    const position = Math.min(size - 1, Math.max(0, start + (index + 0.5) * scale - 0.5));
    const whole = Math.min(size - 2, Math.floor(position));
    return [Math.max(0, whole), Math.round(256 * (position - Math.max(0, whole)))];
  };
  for (let x = 0; x < size; x++) {
    const [column, share] = place(x, left);
    columns[x] = 3 * column;
    shares[x] = share;
  }
  const [right, below] = size > 1 ? [3, 3 * size] : [0, 0];
  let target = 0;
  for (let y = 0; y < size; y++) {
    const [row, down] = place(y, top);
    const up = 256 - down;
    for (let x = 0; x < size; x++) {
      const source = 3 * size * row + (columns[x] as number);
      const [far, near] = [shares[x] as number, 256 - (shares[x] as number)];
      for (let c = source; c < source + 3; c++, target++) {
        const upper = near * (from[c] as number) + far * (from[c + right] as number);
        const lower = near * (from[c + below] as number) + far * (from[c + below + right] as number);
        into[target] = (up * upper + down * lower + 32768) >> 16;
      }
    }
  }
}
