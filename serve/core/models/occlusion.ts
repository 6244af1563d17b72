/**
 * @module Occlusion sensitivity: what the answer loses when a part of the image is covered.
 * @see Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2
 */

/**
 * Copies of an image, each with one cell of a grid covered by the mean colour of the training set.
 * @param pixels uint8 RGB, `size * size * 3`
 * @param mean per channel, 0 to 1
 * @returns a function from the cell's index (row-major) to the copy
 */
export function coverParts(
  pixels: Uint8Array,
  size: number,
  grid: number,
  mean: readonly [number, number, number],
): (cell: number) => Uint8Array {
  const colour = mean.map((value) => Math.round(value * 255));
  const edge = (index: number) => Math.round((index * size) / grid);
  return (cell) => {
    const copy = Uint8Array.from(pixels);
    const row = Math.floor(cell / grid);
    const column = cell % grid;
    for (let y = edge(row); y < edge(row + 1); y++) {
      for (let x = edge(column); x < edge(column + 1); x++) copy.set(colour, (y * size + x) * 3);
    }
    return copy;
  };
}

/** How much each covered part had added to the logit. */
export function contributions(logit: number, covered: readonly number[]): number[] {
  return covered.map((without) => logit - without);
}
