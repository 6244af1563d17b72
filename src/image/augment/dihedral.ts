/** @module The eight views of a square image: its flips and quarter turns (the dihedral group D4). */

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
  let target = 0;
  for (let row = 0; row < size; row++) {
    const sourceRow = view & 2 ? size - 1 - row : row;
    let source = sourceRow * rowStep + (view & 1 ? (size - 1) * columnStep : 0);
    for (let column = 0; column < size; column++, source += step, target += 3) {
      into[target] = from[source] as number;
      into[target + 1] = from[source + 1] as number;
      into[target + 2] = from[source + 2] as number;
    }
  }
}
