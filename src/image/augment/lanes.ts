/**
 * @module Arithmetic on four adjacent bytes at a time: two 16-bit lanes contain the even bytes of a word and two the odd ones, so that
 * one multiplication weighs two bytes. Weights are in 256ths and add up to 256, so that lanes never overflow.
 *
 * Reads words at any offset (`DataView`), little-endian on every machine.
 */

const EVEN = 0x00ff00ff;
const ODD = 0xff00ff00 | 0;
const HALF = 0x00800080;

/** A view of the same bytes for reading and writing words. */
export function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Interpolates four bytes between `from` and `to`. @param share of `to`, 0 to 256 */
export function between(from: number, to: number, share: number): number {
  const even = from & EVEN;
  const odd = (from >>> 8) & EVEN;
  const blendedEven = (even << 8) + Math.imul(share, (to & EVEN) - even) + HALF;
  const blendedOdd = (odd << 8) + Math.imul(share, ((to >>> 8) & EVEN) - odd) + HALF;
  return ((blendedEven >>> 8) & EVEN) | (blendedOdd & ODD);
}

/** Weights of a byte itself and of its neighbours at distances 1, 2 and 3 on both sides, in 256ths. */
export type Kernel = readonly [self: number, one: number, two: number, three: number];

/** The starts of seven lines: the line itself, then those before and after it at distances 1, 2 and 3. */
type Lines = readonly [number, number, number, number, number, number, number];

/** Writes the weighted sums of seven lines of bytes. @param length of the lines in bytes, at least 4 */
export function weighLines(
  from: DataView,
  [self, before1, after1, before2, after2, before3, after3]: Lines,
  [w0, w1, w2, w3]: Kernel,
  into: DataView,
  target: number,
  length: number,
): void {
  for (let next = 0; next < length; next += 4) {
    // The last word may overlap the one before it.
    const at = next < length - 4 ? next : length - 4;
    const a = from.getInt32(self + at, true);
    const b = from.getInt32(before1 + at, true);
    const c = from.getInt32(after1 + at, true);
    const d = from.getInt32(before2 + at, true);
    const e = from.getInt32(after2 + at, true);
    const f = from.getInt32(before3 + at, true);
    const g = from.getInt32(after3 + at, true);
    const even =
      Math.imul(w0, a & EVEN) +
      Math.imul(w1, (b & EVEN) + (c & EVEN)) +
      Math.imul(w2, (d & EVEN) + (e & EVEN)) +
      Math.imul(w3, (f & EVEN) + (g & EVEN)) +
      HALF;
    const odd =
      Math.imul(w0, (a >>> 8) & EVEN) +
      Math.imul(w1, ((b >>> 8) & EVEN) + ((c >>> 8) & EVEN)) +
      Math.imul(w2, ((d >>> 8) & EVEN) + ((e >>> 8) & EVEN)) +
      Math.imul(w3, ((f >>> 8) & EVEN) + ((g >>> 8) & EVEN)) +
      HALF;
    into.setInt32(target + at, ((even >>> 8) & EVEN) | (odd & ODD), true);
  }
}
