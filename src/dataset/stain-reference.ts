/** @module Choosing a reference tile for stain normalization, and learning its colours. */
import { InputError } from "../errors/index";
import { ImageNames } from "../files/index";
import { fitStain, prepareImage, type ResizePolicy, type StainMethod, type StainNormalization } from "../image/index";
import { bitDepthOf } from "./options";
import { spreadOver } from "./sample";
import type { Dataset, Tile } from "./types";

interface StainReferenceOptions {
  readonly size: number;
  readonly resize: ResizePolicy;
  /** Name of the reference tile. Default: the most typical training tile. */
  readonly reference?: string | undefined;
  /** Reinhard only: see {@link StainFitOptions}. */
  readonly tissueOnly?: boolean | undefined;
}

/** Training tiles looked at to find a typical one. */
const SAMPLE = 48;

/**
 * Fits a stain normalization on a tile of the data set. Without a named one it is the training tile, out of up to 48 spread
 * over the set, whose mean colour is nearest to their median: typical, and the same one every time.
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
    const [name, ...others] = new ImageNames(dataset.tiles.map((tile) => tile.name)).meant(reference);
    const tile = dataset.tiles.find((tile) => tile.name === name);
    if (!tile || others.length > 0) {
      const several = others.length > 0 ? `; it may be any of ${[name, ...others].join(", ")}` : "";
      throw new InputError(
        "STAIN_REFERENCE_UNKNOWN",
        `The data set has no tile ${reference} to take stains from${several}.`,
      );
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
      // Blank or unreadable tiles are no candidates; packing names the unreadable ones.
      if (!(error instanceof InputError)) throw error;
    }
  }
  const middle = [0, 1, 2].map((channel) => median(candidates.map(({ colour }) => colour[channel] as number)));
  const distance = (colour: readonly number[]) =>
    Math.hypot(...colour.map((value, i) => value - (middle[i] as number)));
  const [best] = candidates.sort((a, b) => distance(a.colour) - distance(b.colour));
  if (!best) {
    throw new InputError(
      "STAIN_REFERENCE_UNUSABLE",
      `No training tile of ${dataset.directory} has enough tissue to take stains from.`,
    );
  }
  return { stain: best.stain, reference: best.name };
}

function meanColour(pixels: Uint8Array): number[] {
  const sums = [0, 0, 0];
  for (let i = 0; i < pixels.length; i++) sums[i % 3]! += pixels[i] as number;
  return sums.map((sum) => (3 * sum) / pixels.length);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
