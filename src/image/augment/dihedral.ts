/** @module The eight views of a square image: its flips and quarter turns (the dihedral group D4). */
import { wordsOf } from "./lanes";

/**
 * Writes one of the eight views of an image. Bit 0 of `view` mirrors columns, bit 1 mirrors rows, bit 2 swaps rows and
 * columns before that; 0 is the image itself.
 * @param from uint8, [size, size, 3]
 * @param into the same length, other memory
 */
export function dihedral(from: Uint8Array, into: Uint8Array, size: number, view: number): void {
  if (view === 0) {
    into.set(from);
    return;
  }
  const [columnStep, rowStep] = view & 4 ? [3 * size, 3] : [3, 3 * size];
  const step = view & 1 ? -columnStep : columnStep;
  const [fromWords, intoWords] = [wordsOf(from), wordsOf(into)];
  let target = 0;
  for (let row = 0; row < size; row++) {
    const sourceRow = view & 2 ? size - 1 - row : row;
    let source = sourceRow * rowStep + (view & 1 ? (size - 1) * columnStep : 0);
    // Reads each pixel with the byte after it, which does not exist after the last pixel.
    const fours = sourceRow === size - 1 ? 0 : size >> 2;
    copyFours(fromWords, source, step, intoWords, target, fours);
    source += 4 * fours * step;
    target += 12 * fours;
    for (let column = 4 * fours; column < size; column++, source += step, target += 3) {
      into[target] = from[source] as number;
      into[target + 1] = from[source + 1] as number;
      into[target + 2] = from[source + 2] as number;
    }
  }
}

/** Copies pixels at distances of `step` bytes, four at a time: seven memory accesses instead of 24. */
function copyFours(from: DataView, start: number, step: number, into: DataView, target: number, count: number): void {
  let source = start;
  for (let at = target; at < target + 12 * count; at += 12, source += 4 * step) {
    const a = from.getInt32(source, true);
    const b = from.getInt32(source + step, true);
    const c = from.getInt32(source + 2 * step, true);
    const d = from.getInt32(source + 3 * step, true);
    into.setInt32(at, (a & 0xffffff) | (b << 24), true);
    into.setInt32(at + 4, ((b >>> 8) & 0xffff) | (c << 16), true);
    into.setInt32(at + 8, ((c >>> 16) & 0xff) | (d << 8), true);
  }
}
