/** @module Chooses a reference tile for stain normalization and learns its colours. */
import { spreadOver, upperMedian } from "../collections/index";
import { InputError } from "../errors/index";
import { ImageNames } from "../files/index";
import { fitStain, prepareImage, type ResizePolicy, type StainMethod, type StainNormalization } from "../image/index";
import { bitDepthOf, type Dataset, type Tile } from "./types";

interface StainReferenceOptions {
  readonly size: number;
  readonly resize: ResizePolicy;
  /** Name of the reference tile. Default: the most typical training tile. */
  readonly reference?: string | undefined;
  /** Reinhard only: see {@link StainFitOptions}. */
  readonly tissueOnly?: boolean | undefined;
}

/** Number of training tiles among which to choose a typical one. */
const SAMPLE = 48;

/**
 * Fits a stain normalization to a tile of the data set. By default, the tile is the most typical of up to 48 training tiles,
 * evenly spread over the set: that whose mean colour is nearest to their median.
 * @throws {InputError} `STAIN_REFERENCE_UNKNOWN` or `STAIN_REFERENCE_UNUSABLE`
 */
export async function fitStainReference(
  dataset: Dataset,
  method: StainMethod,
  { size, resize, reference, tissueOnly }: StainReferenceOptions,
): Promise<{ readonly stain: StainNormalization; readonly reference: string }> {
  const preparation = { size, resize, bitDepth: bitDepthOf(dataset) };
  const pixelsOf = async (tile: Tile) => (await prepareImage(tile.path, preparation)).pixels;
  if (reference !== undefined) {
    const [name, ...others] = new ImageNames(dataset.tiles.map((tile) => tile.name)).matching(reference);
    const tile = dataset.tiles.find((tile) => tile.name === name);
    if (!tile || others.length > 0) {
      const several = others.length > 0 ? `; it may be any of ${[name, ...others].join(", ")}` : "";
      const message = `The data set has no tile ${reference} to take stains from${several}.`;
      throw new InputError("STAIN_REFERENCE_UNKNOWN", message);
    }
    return { stain: fitStain(method, await pixelsOf(tile), { tissueOnly }), reference: tile.name };
  }
  const train = dataset.tiles.filter((tile) => tile.partition === "train");
  const candidates: { name: string; colour: readonly number[]; stain: StainNormalization }[] = [];
  for (const tile of spreadOver(train, SAMPLE)) {
    try {
      const pixels = await pixelsOf(tile);
      candidates.push({ name: tile.name, colour: meanColour(pixels), stain: fitStain(method, pixels, { tissueOnly }) });
    } catch (error) {
      // Ignores blank and unreadable tiles; packing reports the unreadable ones.
      if (!(error instanceof InputError)) throw error;
    }
  }
  const middle = [0, 1, 2].map((channel) => upperMedian(candidates.map(({ colour }) => colour[channel] as number)));
  const distance = (colour: readonly number[]) =>
    Math.hypot(...colour.map((value, i) => value - (middle[i] as number)));
  const [best] = candidates.sort((a, b) => distance(a.colour) - distance(b.colour));
  if (!best) {
    const message = `No training tile of ${dataset.directory} has enough tissue to take stains from.`;
    throw new InputError("STAIN_REFERENCE_UNUSABLE", message);
  }
  return { stain: best.stain, reference: best.name };
}

function meanColour(pixels: Uint8Array): number[] {
  const sums = [0, 0, 0];
  for (let i = 0; i < pixels.length; i++) sums[i % 3]! += pixels[i] as number;
  return sums.map((sum) => (3 * sum) / pixels.length);
}
