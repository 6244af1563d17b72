/** @module Explains the prediction of one image with all heat maps that the model supports. */
import { groupBy } from "../collections/index";
import type { Predictor } from "../inference/index";
import { roundedUp } from "./drawing";
import { occlusion } from "./occlusion";

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

/** The largest absolute contribution. */
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

/** A scale that holds the maps. */
export function scaleOf(maps: readonly HeatMap[]): number {
  return roundedUp(Math.max(1e-9, strongestOf(maps)));
}
