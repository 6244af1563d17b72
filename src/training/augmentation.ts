/** @module Augmentation of pixels while training, drawn from the seed, the epoch and the image. */
import { Random } from "../random/index";
import type { PixelAugmentation } from "./batches";

/** One of the eight flips and rotations of the square, in place. */
export function dihedralAugmentation(seed: number): PixelAugmentation {
  let scratch = new Uint8Array(0);
  return (pixels, size, epoch, image) => {
    const view = new Random(seed, "dihedral", epoch, image).integer(8);
    if (view === 0) return;
    if (scratch.length !== pixels.length) scratch = new Uint8Array(pixels.length);
    scratch.set(pixels);
    turn(scratch, pixels, size, view);
  };
}

/** Bit 0 of `view` flips left and right, bit 1 up and down, bit 2 swaps rows and columns (before the flips). */
function turn(from: Uint8Array, to: Uint8Array, size: number, view: number): void {
  const transpose = (view & 4) !== 0;
  const [columnStep, rowStep] = transpose ? [3 * size, 3] : [3, 3 * size];
  let target = 0;
  for (let row = 0; row < size; row++) {
    const sourceRow = view & 2 ? size - 1 - row : row;
    let source = sourceRow * rowStep + (view & 1 ? (size - 1) * columnStep : 0);
    const step = view & 1 ? -columnStep : columnStep;
    for (let column = 0; column < size; column++, source += step, target += 3) {
      to[target] = from[source] as number;
      to[target + 1] = from[source + 1] as number;
      to[target + 2] = from[source + 2] as number;
    }
  }
}
