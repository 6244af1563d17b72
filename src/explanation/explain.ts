/** @module Explains the prediction of one image with all heat maps that the model supports: occlusion, and class activation. */
import { groupBy } from "../collections/index";
import type { Predictor } from "../inference/index";
import { mustBeFinite } from "../logits/index";
import { roundedUp } from "./drawing";

/** Heat maps by method; `class-activation` only for networks that end in a global average of features. */
export interface HeatMap {
  readonly method: "occlusion" | "class-activation";
  /** Parts per row and column. */
  readonly grid: number;
  /** In logits, row-major; positive ones support the positive class. */
  readonly contributions: readonly number[];
}

export interface Explanation {
  /** The model's input: uint8 RGB, [size, size, 3]. */
  readonly pixels: Uint8Array;
  readonly size: number;
  readonly logit: number;
  readonly maps: readonly HeatMap[];
}

/** Default number of parts per row: 16 pixels for each in a tile of 224 pixels. */
export const DEFAULT_GRID = 14;
/** Largest number of parts per row. */
export const LARGEST_GRID = 28;

/**
 * Explains an image file's bytes (PNG, JPEG, WebP, TIFF).
 * @param grid number of parts per row to cover; the time is proportional to its square
 * @param each called before each batch of covered images; may throw to stop
 * @throws {InputError} codes `IMAGE_...`
 */
export async function explainImage(
  predictor: Predictor,
  image: Uint8Array,
  grid = DEFAULT_GRID,
  each?: () => void,
): Promise<Explanation> {
  const { pixels } = await predictor.preprocess(image);
  const { preprocessing } = predictor.card;
  const run = async (images: readonly Uint8Array[]) => [
    ...(await predictor.predictPixels(Buffer.concat(images), images.length)),
  ];
  const { logit, contributions } = await occlusion(pixels, preprocessing, grid, run, each ? { batch: 32, each } : {});
  const activation = await predictor.classActivation(pixels);
  return {
    pixels,
    size: preprocessing.size,
    logit,
    maps: [
      { method: "occlusion", grid, contributions },
      ...(activation ? [{ method: "class-activation" as const, ...activation }] : []),
    ],
  };
}

export function strongestOf(maps: readonly HeatMap[]): number {
  return maps.reduce((most, { contributions }) => Math.max(most, ...contributions.map(Math.abs)), 0);
}

/** Ends of the scales in logits. Methods differ: what a part adds is more than what the network loses without it. */
export type Scales = { readonly [method in HeatMap["method"]]?: number | undefined };

/** For each method one scale that holds its maps in all explanations: 1, 2 or 5 times a power of ten. */
export function scalesFor(explanations: readonly Pick<Explanation, "maps">[]): Scales {
  const byMethod = groupBy(
    explanations.flatMap(({ maps }) => maps),
    ({ method }) => method,
  );
  return Object.fromEntries([...byMethod].map(([method, maps]) => [method, scaleOf(maps)]));
}

export function scaleOf(maps: readonly HeatMap[]): number {
  return roundedUp(Math.max(1e-9, strongestOf(maps)));
}

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
