/** @module Reads the tiles of a block and predicts them, in batches: while one is predicted the next is read. */
import { HistoError, messageOf } from "../errors/index";
import { preparePixels } from "../image/index";
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

/** Predicts regions of one level. */
export async function predictRegions(
  reader: SlideReader,
  level: number,
  regions: readonly Rectangle[],
  predictor: Predictor,
): Promise<BlockAnswer> {
  const logits = new Float32Array(regions.length).fill(Number.NaN);
  const problems = new Set<string>();
  let predicting: Promise<void> = Promise.resolve();
  for (let start = 0; start < regions.length; start += BATCH) {
    const images = await reader.readRegions(level, regions.slice(start, start + BATCH));
    const places: number[] = [];
    const prepared: Uint8Array[] = [];
    for (const [i, image] of images.entries()) {
      if (image instanceof Error) problems.add(messageOf(image));
      else {
        places.push(start + i);
        prepared.push(await preparePixels(image, predictor.card.preprocessing));
      }
    }
    await predicting;
    predicting = predictInto(logits, places, prepared, predictor);
    // Waited for above or below; a failure in between must not end the process.
    predicting.catch(() => undefined);
  }
  await predicting;
  return { logits, problems: [...problems] };
}

async function predictInto(
  logits: Float32Array,
  places: readonly number[],
  prepared: readonly Uint8Array[],
  predictor: Predictor,
): Promise<void> {
  if (prepared.length === 0) return;
  const size = (prepared[0] as Uint8Array).length;
  const batch = new Uint8Array(size * prepared.length);
  for (const [i, pixels] of prepared.entries()) batch.set(pixels, i * size);
  const answers = await predictor.predictPixels(batch, prepared.length);
  if (answers.some((logit) => !Number.isFinite(logit))) {
    throw new HistoError("INFERENCE_FAILED", "The model gives numbers that are not finite.");
  }
  for (const [i, place] of places.entries()) logits[place] = answers[i] as number;
}
