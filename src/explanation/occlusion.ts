/**
 * @module Occlusion sensitivity: how the prediction changes if a part of the image is covered.
 * @see Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2
 */
import { mustBeFinite } from "../logits/index";

/**
 * Computes the contribution of each part of an image to the logit.
 * @param pixels uint8 RGB, `size * size * 3`
 * @param grid parts per row and column
 * @param run predicts the logits of images of the same size
 * @param options `batch`: number of images to run together; `each`: called before each batch, may throw to stop
 * @returns the logit, and `logit - logit(part covered)` row-major; positive values support the positive class
 */
export async function occlusion(
  pixels: Uint8Array,
  { size, mean }: { readonly size: number; readonly mean: readonly [number, number, number] },
  grid: number,
  run: (images: readonly Uint8Array[]) => Promise<readonly number[]>,
  { batch = 8, each = () => undefined }: { batch?: number; each?: () => void } = {},
): Promise<{ readonly logit: number; readonly contributions: readonly number[] }> {
  const covered = coverParts(pixels, size, grid, mean);
  const [logit = Number.NaN] = await run([pixels]);
  mustBeFinite(logit);
  const contributions: number[] = [];
  while (contributions.length < grid * grid) {
    each();
    const first = contributions.length;
    const parts = Array.from({ length: Math.min(batch, grid * grid - first) }, (_, i) => covered(first + i));
    for (const without of await run(parts)) contributions.push(logit - without);
  }
  return { logit, contributions };
}

/**
 * Makes copies of an image with one cell of a grid covered by the mean colour of the training set.
 * @param pixels uint8 RGB, `size * size * 3`
 * @param mean per channel, 0 to 1
 * @returns a function from the cell's index (row-major) to the copy
 */
function coverParts(
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
