/** @module Reads the tiles of a block and predicts them, in batches: while one is predicted the next is read. */
import { HistoError, messageOf } from "../errors/index";
import { type Preprocessing, preparePixels } from "../image/index";
import type { Predictor } from "../inference/index";
import type { Rectangle, SlideReader } from "./types";

/** Answers for the tiles of a block, in their order. */
export interface BlockAnswer {
  /** Log-odds of the positive class; NaN for a tile that could not be read. */
  readonly logits: Float32Array;
  /** Why a tile could not be read, once for each reason. */
  readonly problems: readonly string[];
}

/** Batches are the same whoever predicts them, so that answers are too. */
const BATCH = 32;

type PixelPredictor = Pick<Predictor, "card" | "predictPixels">;

/** Predicts regions of one level. */
export async function predictRegions(
  reader: SlideReader,
  level: number,
  regions: readonly Rectangle[],
  predictor: PixelPredictor,
): Promise<BlockAnswer> {
  const logits = new Float32Array(regions.length).fill(Number.NaN);
  const problems = new Set<string>();
  const { size } = predictor.card.preprocessing;
  /** Memory of batches: one is predicted while the other is read. */
  const slabs = [0, 1].map(() => Buffer.allocUnsafeSlow(size * size * 3 * Math.min(BATCH, regions.length)));
  let predicting: Promise<void> = Promise.resolve();
  for (let start = 0; start < regions.length; start += BATCH) {
    const some = regions.slice(start, start + BATCH);
    const slab = slabs[(start / BATCH) % 2] as Buffer;
    const { places, pixels } = await readBatch(reader, level, some, predictor.card.preprocessing, problems, slab);
    await predicting;
    predicting = predictInto(
      logits,
      places.map((place) => start + place),
      pixels,
      predictor,
    );
    // Waited for above or below; a failure in between must not end the process.
    predicting.catch(() => undefined);
  }
  await predicting;
  return { logits, problems: [...problems] };
}

/** The pixels of the regions that can be read, as the model takes them, and their places in the batch. */
async function readBatch(
  reader: SlideReader,
  level: number,
  regions: readonly Rectangle[],
  preparation: Preprocessing,
  problems: Set<string>,
  slab: Buffer,
): Promise<{ places: number[]; pixels: Uint8Array }> {
  const { size, stain } = preparation;
  const bytes = size * size * 3;
  // Most often a region is what the model takes, and goes where it belongs at once.
  const fits = !stain && regions.every(({ width, height }) => width === size && height === size);
  const images = await reader.readRegions(level, regions, fits ? slab : undefined);
  const places: number[] = [];
  for (const [i, image] of images.entries()) {
    if (image instanceof Error) {
      problems.add(messageOf(image));
      continue;
    }
    const at = places.push(i) - 1;
    if (!fits) slab.set(await preparePixels(image, preparation), at * bytes);
    else if (at < i) slab.copyWithin(at * bytes, i * bytes, (i + 1) * bytes);
  }
  return { places, pixels: slab.subarray(0, places.length * bytes) };
}

async function predictInto(
  logits: Float32Array,
  places: readonly number[],
  pixels: Uint8Array,
  predictor: PixelPredictor,
): Promise<void> {
  if (places.length === 0) return;
  const answers = await predictor.predictPixels(pixels, places.length);
  if (answers.some((logit) => !Number.isFinite(logit))) {
    throw new HistoError("INFERENCE_FAILED", "The model gives numbers that are not finite.");
  }
  for (const [i, place] of places.entries()) logits[place] = answers[i] as number;
}
