/** @module A large picture, predicted in tiles of the model's size at the picture's own scale instead of shrunk as a whole. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HistoError } from "../errors/index";
import { logitOf, sigmoid } from "../evaluation/index";
import { imageSize } from "../image/index";
import type { Prediction, Predictor } from "../inference/index";
import { gridOf, tileReading } from "./grid";
import { openSlide } from "./open-slide";
import { thumbnailOf } from "./thumbnail";
import { predictRegions } from "./tile-predictor";

/** Pictures with a shorter side above this many of the model's are for tiles. */
const LARGE = 2;
const LEAST_TISSUE = 0.1;

/** True for a picture that would be shrunk to less than half. */
export async function isForTiles(path: string, size: number): Promise<boolean> {
  const found = await imageSize(path);
  return found !== undefined && Math.min(...found) > LARGE * size;
}

/**
 * Predicts the tiles with tissue (all, where none shows any). The answer's probability is their mean.
 * @throws {HistoError} codes `SLIDE_...`
 */
export async function predictTiled(path: string, predictor: Predictor): Promise<Prediction> {
  const { preprocessing, classes, threshold } = predictor.card;
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "histo-tiles-"));
  try {
    const { info, reader } = await openSlide(path, async () => folder, preprocessing);
    try {
      const settings = { size: preprocessing.size, downsample: 1, overlap: 0, leastTissue: LEAST_TISSUE };
      const thumbnail = await thumbnailOf(reader, preprocessing.size / 8);
      const some = gridOf(info, settings, thumbnail);
      const grid = some.tissueTiles > 0 ? some : gridOf(info, { ...settings, leastTissue: 0 }, thumbnail);
      const { level, regionOf } = tileReading(info.levels, settings);
      const prepared = performance.now();
      const answers = [];
      for (const block of grid.blocks)
        answers.push(await predictRegions(reader, level, block.map(regionOf), predictor));
      const read = answers.flatMap(({ logits }) => [...logits]).filter((logit) => !Number.isNaN(logit));
      const problem = answers.flatMap(({ problems }) => problems)[0];
      if (read.length === 0) throw new HistoError("IMAGE_CORRUPT", `${path}: ${problem ?? "no tile can be read"}`);
      const probability = read.reduce((sum, logit) => sum + sigmoid(logit), 0) / read.length;
      return {
        logit: logitOf(probability),
        probability,
        predictedClass: classes[probability >= threshold ? 1 : 0],
        threshold,
        preprocessSeconds: (prepared - started) / 1000,
        inferenceSeconds: (performance.now() - prepared) / 1000,
        inDistribution: null,
        warnings: [],
      };
    } finally {
      await reader.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
