/** @module Compares the logits of an exported graph with TensorFlow's logits for the validation tiles. */
import { join } from "node:path";
import { HistoError } from "../errors/index";
import { delongTest, sigmoid } from "../evaluation/index";
import type { Verification } from "../model-directory/index";
import { GraphSession } from "../onnxruntime/index";
import { GRAPH_FILE, INPUT_NAME, OUTPUT_NAME } from "./graph-files";
import type { ExportedConfig, KnownTiles, TrainedRun } from "./run-tiles";

type Images = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Largest number of images, times views, in a run of the graph. */
const GROUP = 32;

/**
 * Logits of an exported graph.
 * @param directory holds {@link GRAPH_FILE}
 * @param images uint8 [count, size, size, 3], in one or more groups
 * @param prepack see `SessionOptions`
 * @param onImages called with the number of images done so far; may throw to stop
 */
export async function logitsOfGraph(
  directory: string,
  images: Images,
  { preprocessing: { size }, views = 1 }: Pick<ExportedConfig, "preprocessing" | "views">,
  prepack: boolean,
  onImages?: (done: number) => void,
): Promise<number[]> {
  const bytes = size * size * 3;
  const logits: number[] = [];
  const most = Math.max(1, Math.floor(GROUP / views));
  const session = await GraphSession.open(join(directory, GRAPH_FILE), { prepack, fullRangeWeights: false });
  try {
    for await (const pixels of images) {
      for (let start = 0; start * bytes < pixels.length; start += most) {
        const data = pixels.subarray(start * bytes, (start + most) * bytes);
        const tensor = { type: "uint8", data, shape: [data.length / bytes, size, size, 3] } as const;
        logits.push(...(await session.run(INPUT_NAME, tensor, OUTPUT_NAME)));
        onImages?.(logits.length);
      }
    }
  } finally {
    await session.close();
  }
  return logits;
}

/** Compares an exported graph with the trained model on the images. @see {@link logitsOfGraph} for the other parameters */
export async function verifyGraph(
  directory: string,
  { config }: TrainedRun,
  tiles: KnownTiles,
  images: Images,
  prepack: boolean,
  onImages?: (done: number) => void,
): Promise<Verification> {
  const logits = await logitsOfGraph(directory, images, config, prepack, onImages);
  return compareLogits(tiles, logits, config.threshold ?? 0.5);
}

/** @param threshold smallest probability for which the run predicts positive */
function compareLogits(tiles: KnownTiles, exported: ArrayLike<number>, threshold: number): Verification {
  const { labels, logits, groups } = tiles;
  const isPositive = (logit: number) => sigmoid(logit) >= threshold;
  const differences = logits.map((logit, i) => Math.abs(logit - (exported[i] as number)));
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  const bothClasses = [0, 1].every((label) => labels.filter((other) => other === label).length >= 2);
  const test = bothClasses ? delongTest(labels, logits, exported, groups) : null;
  return {
    tiles: logits.length,
    maxDeviation: differences.reduce((largest, difference) => Math.max(largest, difference), 0),
    rmsDeviation: rootMeanSquare(differences),
    logitSpread: rootMeanSquare(logits.map((logit) => logit - mean)),
    rocAuc: test === null ? null : { trained: test.aucA, exported: test.aucB },
    rocAucDrop: test?.difference ?? null,
    rocAucDropCi95: test?.ci95 ?? null,
    changedAnswers: logits.filter((logit, i) => isPositive(logit) !== isPositive(exported[i] as number)).length,
  };
}

/** Largest difference of a logit in an exact export, relative to the largest logit or to 1 if all are smaller. */
const EXACT_TOLERANCE = 1e-4;
/** The same for logits of a GPU, where TensorFlow rounds the factors of products to TF32 (11 bits). */
const TF32_TOLERANCE = 0.01;

/** @throws {HistoError} `EXPORT_DIFFERS` if the logits of an exact export differ from TensorFlow's */
export function requireEqualLogits(verification: Verification, tiles: KnownTiles, { onGpu }: ExportedConfig): void {
  const largest = tiles.logits.reduce((max, logit) => Math.max(max, Math.abs(logit)), 1);
  const allowed = largest * (onGpu ? TF32_TOLERANCE : EXACT_TOLERANCE);
  if (verification.maxDeviation <= allowed) return;
  throw new HistoError(
    "EXPORT_DIFFERS",
    `The exported model's logits differ from TensorFlow's by up to ${verification.maxDeviation}, more than ${allowed}; ` +
      "nothing was exported. Have the run's files or the data set changed since training?",
  );
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
