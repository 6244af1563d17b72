/** @module Zooms into a random square of an image. */
import type { Random } from "../../random/index";
import { between, wordsOf } from "./lanes";

/** Smallest and largest area of the square as shares of the image. */
export interface RandomCrop {
  readonly area: readonly [least: number, most: number];
}

/**
 * Writes a random square of the image, scaled to its size (bilinear).
 * @param from uint8, [size, size, 3]
 * @param into the same length, other memory
 * @param size at most 16384
 */
export function randomCrop(
  from: Uint8Array,
  into: Uint8Array,
  size: number,
  { area }: RandomCrop,
  random: Random,
): void {
  if (size < 2) {
    into.set(from);
    return;
  }
  const scale = Math.sqrt(random.uniform(area[0], area[1]));
  const room = (1 - scale) * size;
  const columns = samples(size, random.uniform(0, room), scale);
  const rows = samples(size, random.uniform(0, room), scale);
  const width = 3 * size;
  const [source, target] = [wordsOf(from), wordsOf(into)];
  const begin = 3 * firstOf(columns[0] as number);
  const end = 3 * firstOf(columns[size - 1] as number) + 6;
  for (let y = 0; y < size; y++) {
    const sample = rows[y] as number;
    blendRows(source, firstOf(sample) * width, width, shareOf(sample), begin, end);
    stretch(columns, target, y * width);
  }
}

/** A sample's position in a line: the pixel before it and the distance towards the next one in 256ths (0 to 256). */
type Sample = number;

function samples(size: number, start: number, scale: number): Int32Array {
  return Int32Array.from({ length: size }, (_, i): Sample => {
    const position = Math.min(size - 1, Math.max(0, start + (i + 0.5) * scale - 0.5));
    const first = Math.max(0, Math.min(size - 2, Math.floor(position)));
    return (first << 9) | Math.round(256 * (position - first));
  });
}

function firstOf(sample: Sample): number {
  return sample >> 9;
}

function shareOf(sample: Sample): number {
  return sample & 511;
}

const LARGEST_SIZE = 16384;
/** A row between two rows of the image, and one more word. A constant, because that is faster. */
const ROW = wordsOf(new Uint8Array(3 * LARGEST_SIZE + 4));

/** Writes to `ROW` the bytes from `begin` to `end` of a row between the one at `upper` and the next. */
function blendRows(from: DataView, upper: number, width: number, share: number, begin: number, end: number): void {
  for (let next = begin; next < end; next += 4) {
    // The last word may overlap the one before it.
    const at = next < end - 4 ? next : end - 4;
    const above = from.getInt32(upper + at, true);
    const below = from.getInt32(upper + width + at, true);
    ROW.setInt32(at, between(above, below, share), true);
  }
}

/** Samples `ROW`. */
function stretch(columns: Int32Array, into: DataView, target: number): void {
  const last = columns.length - 1;
  let at = target;
  for (let x = 0; x < last; x++, at += 3) {
    // The fourth byte belongs to the next pixel, which overwrites it.
    into.setInt32(at, sampled(columns[x] as number), true);
  }
  const pixel = sampled(columns[last] as number);
  into.setInt16(at, pixel, true);
  into.setInt8(at + 2, pixel >> 16);
}

function sampled(sample: Sample): number {
  const at = 3 * firstOf(sample);
  return between(ROW.getInt32(at, true), ROW.getInt32(at + 3, true), shareOf(sample));
}
