/** @module Predicts large pictures tile by tile, without the slide readers. */
import { HistoError } from "../../errors/index";
import { decodePixels, imageSize, isShrunk, type Preprocessing, type RgbImage, tileEdgeOf } from "../../image/index";
import type { Prediction, PredictionWarning, Predictor } from "../../inference/index";
import { sigmoid } from "../../logits/index";
import { assemble, memoryFor } from "../assemble";
import { gridOf, tileReading } from "../grid";
import { thumbnailOf } from "../thumbnail";
import { predictRegions } from "../tile-predictor";
import type { SlideReader } from "../types";

/** The part of a predictor that tiles need. */
export type TileModel = Pick<Predictor, "card" | "predictPixels" | "assess">;

export interface TilesSummary {
  /** Number of tiles that cover the picture. */
  readonly total: number;
  /** Number of predicted tiles: those with tissue, or all if none has any. */
  readonly predicted: number;
  readonly positive: number;
  /** The tiles with the highest probabilities, with their upper left corners in pixels of the picture. */
  readonly strongest: readonly { readonly x: number; readonly y: number; readonly probability: number }[];
}

/** The prediction of a picture: the mean probability of its tiles, and the warnings that most tiles have. */
export interface TiledPrediction extends Prediction {
  readonly tiles: TilesSummary;
}

const LEAST_TISSUE = 0.1;
const STRONGEST = 10;

/**
 * Predicts the tiles with tissue, or all tiles if none has any.
 * @param preparedSeconds time that opening the picture has taken
 * @throws {HistoError} `IMAGE_CORRUPT` if no tile can be read; the reason of `signal` if it is aborted
 */
export async function predictTiles(
  reader: SlideReader,
  model: TileModel,
  preparedSeconds: number,
  signal?: AbortSignal,
): Promise<TiledPrediction> {
  const { preprocessing, classes, threshold } = model.card;
  const size = tileEdgeOf(preprocessing);
  const { info } = reader;
  const started = performance.now();
  const settings = { size, downsample: 1, overlap: 0, leastTissue: LEAST_TISSUE };
  const thumbnail = await thumbnailOf(reader, size / 8, signal);
  const some = gridOf(info, settings, thumbnail);
  const grid = some.tissueTiles > 0 ? some : gridOf(info, { ...settings, leastTissue: 0 }, thumbnail);
  const { level, regionOf } = tileReading(info.levels, settings);
  const searched = performance.now();
  const assessed = new Assessments();
  const tiles: { x: number; y: number; probability: number }[] = [];
  const problems: string[] = [];
  // Of the negative class, because 1 - p is 0 for large logits.
  let opposites = 0;
  for (const block of grid.blocks) {
    signal?.throwIfAborted();
    const answer = await predictRegions(reader, level, block.map(regionOf), model, (pixels) =>
      assessed.add(model.assess(pixels)),
    );
    problems.push(...answer.problems);
    for (const [i, logit] of answer.logits.entries()) {
      const { x, y } = block[i] as (typeof block)[number];
      if (Number.isNaN(logit)) continue;
      tiles.push({ x, y, probability: sigmoid(logit) });
      opposites += sigmoid(-logit);
    }
  }
  if (tiles.length === 0)
    throw new HistoError("IMAGE_CORRUPT", `${info.path}: ${problems[0] ?? "no tile can be read"}`);
  const probability = tiles.reduce((sum, tile) => sum + tile.probability, 0) / tiles.length;
  const positive = tiles.filter((tile) => tile.probability >= threshold).length;
  return {
    logit: Math.log(probability) - Math.log(opposites / tiles.length),
    probability,
    predictedClass: classes[probability >= threshold ? 1 : 0],
    threshold,
    preprocessSeconds: preparedSeconds + (searched - started) / 1000,
    inferenceSeconds: (performance.now() - searched) / 1000,
    ...assessed.summary(),
    tiles: {
      total: grid.columns * grid.rows,
      predicted: tiles.length,
      positive,
      strongest: tiles.sort((a, b) => b.probability - a.probability).slice(0, STRONGEST),
    },
  };
}

/** The comparisons of all tiles with the training tiles. */
class Assessments {
  private readonly scores: number[] = [];
  private readonly warnings = new Map<PredictionWarning, number>();
  private count = 0;

  add({ inDistribution, warnings }: ReturnType<TileModel["assess"]>): void {
    if (inDistribution !== null) this.scores.push(inDistribution);
    for (const warning of warnings) this.warnings.set(warning, (this.warnings.get(warning) ?? 0) + 1);
    this.count++;
  }

  /** The median of the tiles' scores, and the warnings that most tiles have. */
  summary(): Pick<Prediction, "inDistribution" | "warnings"> {
    const sorted = this.scores.sort((a, b) => a - b);
    const most = [...this.warnings].filter(([, count]) => 2 * count > this.count);
    return {
      inDistribution: sorted[Math.floor((sorted.length - 1) / 2)] ?? null,
      warnings: most.map(([warning]) => warning),
    };
  }
}

/** True if a model would shrink a picture (a path or the file's bytes) to less than half of its training images' scale. */
export async function isForTiles(picture: string | Uint8Array, preprocessing: Preprocessing): Promise<boolean> {
  const found = await imageSize(picture);
  return found !== undefined && isShrunk(...found, preprocessing);
}

/** Predicts the tiles of a picture. @throws {InputError} codes `IMAGE_...` */
export async function predictPicture(picture: string | Uint8Array, model: TileModel): Promise<TiledPrediction> {
  const started = performance.now();
  const image = await decodePixels(picture, {}, undefined, model.card.preprocessing);
  const answer = await predictTiles(inMemory(image), model, (performance.now() - started) / 1000);
  return image.lowBits ? { ...answer, warnings: ["low-bits", ...answer.warnings] } : answer;
}

/** Presents a decoded picture as a slide with one level of one tile. */
function inMemory(image: RgbImage): SlideReader {
  const { width, height } = image;
  const level = { width, height, downsample: 1, tileWidth: width, tileHeight: height };
  const pixels = Buffer.from(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  return {
    info: { path: "the image", vendor: "picture", reader: "picture", levels: [level], remarks: [] },
    async readRegions(_, regions, into) {
      const memory = memoryFor(regions, into);
      return regions.map((region, i) => assemble({ ...level, across: 1 }, region, () => pixels, memory[i]));
    },
    close: async () => undefined,
  };
}
