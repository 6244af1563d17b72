/** @module Reads and predicts the tiles of a block in batches; reads the next batch while one is predicted. */
import { messageOf } from "../errors/index";
import { type Preprocessing, preparePixels } from "../image/index";
import type { Predictor } from "../inference/index";
import { mustBeFinite } from "../logits/index";
import type { Rectangle, SlideReader } from "./types";

export interface BlockAnswer {
  /** The logit of each tile, in order; NaN for unreadable tiles. */
  readonly logits: Float32Array;
  /** The reasons why tiles were unreadable, each once. */
  readonly problems: readonly string[];
}

/**
 * Looks at a readable tile before it is predicted.
 * @param pixels the model's input, uint8, RGB, [size, size, 3]; valid during the call
 * @param place of the tile among the regions
 */
type TileView = (pixels: Uint8Array, place: number) => void;

/** Fixed, so that the predictions do not depend on the number of workers. */
const BATCH = 32;
/** Bytes of regions to be resized that are read at a time; one larger region alone. */
const READ_BYTES = 2 ** 26;

type PixelPredictor = Pick<Predictor, "card" | "predictPixels">;

/** Predicts regions of one level. */
export async function predictRegions(
  reader: SlideReader,
  level: number,
  regions: readonly Rectangle[],
  predictor: PixelPredictor,
  view: TileView = () => undefined,
): Promise<BlockAnswer> {
  const logits = new Float32Array(regions.length).fill(Number.NaN);
  const problems = new Set<string>();
  const bytes = predictor.card.preprocessing.size ** 2 * 3;
  // Memory for two batches: one is predicted while the other is read.
  const slabs = [0, 1].map(() => Buffer.allocUnsafeSlow(bytes * Math.min(BATCH, regions.length)));
  let predicting: Promise<void> = Promise.resolve();
  for (let start = 0; start < regions.length; start += BATCH) {
    const some = regions.slice(start, start + BATCH);
    const slab = slabs[(start / BATCH) % 2] as Buffer;
    const { places, pixels } = await readBatch(reader, level, some, predictor.card.preprocessing, problems, slab);
    for (const [i, place] of places.entries()) view(pixels.subarray(i * bytes, (i + 1) * bytes), start + place);
    await predicting;
    predicting = predictInto(logits.subarray(start), places, pixels, predictor);
    // Awaited above or below; until then, a failure must not end the process as an unhandled rejection.
    predicting.catch(() => undefined);
  }
  await predicting;
  return { logits, problems: [...problems] };
}

/** Reads the readable regions as the model's input into `slab`, and returns their indices. */
async function readBatch(
  reader: SlideReader,
  level: number,
  regions: readonly Rectangle[],
  preparation: Preprocessing,
  problems: Set<string>,
  slab: Buffer,
): Promise<{ places: number[]; pixels: Uint8Array }> {
  const { size, resize, stain } = preparation;
  const bytes = size * size * 3;
  // Regions usually have the model's size already and are read directly into the slab.
  const fits = !stain && regions.every(({ width, height }) => width === size && height === size);
  const { width, height } = regions[0] as Rectangle;
  const atOnce = fits ? regions.length : Math.max(1, Math.floor(READ_BYTES / (width * height * 3)));
  // Tiles of another scale are resized even for a model whose training images were not.
  const resized = { ...preparation, resize: resize === "exact" ? "stretch" : resize } as const;
  const places: number[] = [];
  for (let start = 0; start < regions.length; start += atOnce) {
    const some = regions.slice(start, start + atOnce);
    const images = await reader.readRegions(level, some, fits ? slab : undefined);
    for (const [k, image] of images.entries()) {
      if (image instanceof Error) {
        problems.add(messageOf(image));
        continue;
      }
      const i = start + k;
      const at = places.push(i) - 1;
      if (!fits) slab.set(await preparePixels(image, resized), at * bytes);
      else if (at < i) slab.copyWithin(at * bytes, i * bytes, (i + 1) * bytes);
    }
  }
  return { places, pixels: slab.subarray(0, places.length * bytes) };
}

/**
 * Predicts pixels and writes the logits to the given places.
 * @throws {HistoError} `INFERENCE_FAILED` for one that is not finite, which would look like that of an unreadable tile
 */
async function predictInto(
  logits: Float32Array,
  places: readonly number[],
  pixels: Uint8Array,
  predictor: PixelPredictor,
): Promise<void> {
  if (places.length === 0) return;
  const answers = await predictor.predictPixels(pixels, places.length);
  for (const logit of answers) mustBeFinite(logit);
  for (const [i, place] of places.entries()) logits[place] = answers[i] as number;
}
