/** @module Exports a training run as a model directory: `model.onnx`, `model.onnx.data`, `model.json`, `golden.png`. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { integerWriter, writeCompactGraph } from "../compression/index";
import {
  compareLogits,
  floatWriter,
  GRAPH_FILE,
  type GraphFiles,
  type GraphOptions,
  logitsOfGraph,
  RunTiles,
  readTrainedRun,
  requireEqualLogits,
  type TrainedRun,
  writeGraphFiles,
} from "../conversion/index";
import { InputError } from "../errors/index";
import { type ModelCard, modelSha256, type Verification } from "../model-directory/index";
import { GraphSession } from "../onnxruntime/index";
import { type Progress, silentProgress } from "../progress/index";
import { type CardExtras, writeCard } from "./card";
import { writeDirectory } from "./directory";

/** fp32: exact. int8: weights and activations in 8 bits. compact: the smallest that is as good on validation. */
export type Variant = "fp32" | "int8" | "compact";

interface ExportOptions {
  /** Run directory. */
  readonly run: string;
  /** Directory to make. */
  readonly out: string;
  /** Default fp32. */
  readonly variant?: Variant | undefined;
  /** The data set's directory, where it is not where it was in training. */
  readonly data?: string | undefined;
  /** fp32 and int8: write a subspace stem as the ordinary first layer that it stands for. */
  readonly foldProjection?: boolean | undefined;
  /** compact: largest share of the validation tiles whose answer may change, 0 to 1. Default 0.02. */
  readonly maxChangedAnswers?: number | undefined;
  /** Micrometres of a pixel of the training tiles, for slides. */
  readonly mpp?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was made. */
export interface ExportResult {
  readonly out: string;
  readonly variant: Variant;
  /** Of the trained network. */
  readonly parameters: number;
  /** Of all files together. */
  readonly bytes: number;
  readonly sha256: string;
  /** How the first layer was compressed; null for other variants. */
  readonly compression: ModelCard["compression"] | null;
  /** Comparison with TensorFlow's logits on the validation tiles; null where the tiles are not there. */
  readonly verification: Verification | null;
  readonly seconds: number;
}

/**
 * Exports a run. The model takes raw pixels, uint8 [n, size, size, 3], named `pixels`, and gives `logit`, float32 [n, 1];
 * standardization is folded into the first linear layer. Before the directory gets its name, the model's logits are compared
 * with TensorFlow's on the validation tiles. The directory appears whole or not at all.
 * @throws {InputError} codes `RUN_...`, `TOPOLOGY_UNSUPPORTED`, `LAYER_UNSUPPORTED`, `OUT_OCCUPIED`, `EXPORT_NO_TILES`
 * @throws {HistoError} `EXPORT_DIFFERS`, `EXPORT_TOO_LOSSY`
 */
export async function exportRun(options: ExportOptions): Promise<ExportResult> {
  const started = performance.now();
  const { progress = silentProgress, variant = "fp32", signal } = options;
  const run = await readTrainedRun(options.run);
  const tiles = await findTiles(run, options, progress);
  const task = progress.start(`Export ${variant}`, 0, "bytes");
  const result = await writeDirectory(options.out, async (directory) => {
    const { graph, ...extras } = await writeVariant(variant, run, tiles, directory, {
      progress,
      signal,
      foldProjection: options.foldProjection,
      maxChangedAnswers: options.maxChangedAnswers,
      onBytes(done) {
        signal?.throwIfAborted();
        task.update(done);
      },
    });
    const { mpp } = options;
    const card = await writeCard(run, directory, graph, { variant, ...extras, ...(mpp !== undefined && { mpp }) });
    return {
      parameters: graph.parameters,
      bytes: await totalBytes(directory, card),
      sha256: modelSha256(card.files ?? {}),
      compression: extras.compression ?? null,
      verification: extras.verification ?? null,
    };
  });
  task.finish(`${options.out}, ${(result.bytes / 1e6).toFixed(1)} MB`);
  return { out: resolve(options.out), variant, ...result, seconds: (performance.now() - started) / 1000 };
}

interface Work extends GraphOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  readonly maxChangedAnswers?: number | undefined;
}

async function writeVariant(
  variant: Variant,
  run: TrainedRun,
  tiles: RunTiles | null,
  directory: string,
  work: Work,
): Promise<{ graph: GraphFiles } & CardExtras> {
  if (variant === "compact") return writeCompactGraph(run, tiles as RunTiles, directory, work);
  const writer = variant === "fp32" ? floatWriter : integerWriter;
  const graph = await writeGraphFiles(run, directory, writer, work);
  if (!tiles) return { graph };
  const verification = await verifyGraph(run, tiles, directory, { ...work, prepack: variant !== "fp32" });
  if (variant === "fp32") requireEqualLogits(verification, tiles.validation, hasExactLogits(run));
  return { graph, verification };
}

/** Runs are evaluated with full-precision matrix products; convolutions follow the precision of training. */
function hasExactLogits({ config, layers }: TrainedRun): boolean {
  return (
    (config.stepWay ?? config).precision === "fp32" || !layers.nodes.some(({ className }) => /Conv/.test(className))
  );
}

/** Compares a written graph with TensorFlow's logits on the run's validation tiles. */
async function verifyGraph(
  run: TrainedRun,
  tiles: RunTiles,
  directory: string,
  { signal, prepack }: Pick<Work, "signal"> & { readonly prepack: boolean },
): Promise<Verification> {
  const session = await GraphSession.open(join(directory, GRAPH_FILE), { prepack, fullRangeWeights: false });
  try {
    const pixels = await tiles.pixels(tiles.validation.paths, signal);
    return compareLogits(
      tiles.validation,
      await logitsOfGraph(session, pixels, run.config),
      run.config.threshold ?? 0.5,
    );
  } finally {
    await session.close();
  }
}

/** The run's tiles. Where they are not there, only the compact variant cannot do without, or a user who named them. */
async function findTiles(
  run: TrainedRun,
  { variant, data }: ExportOptions,
  progress: Progress,
): Promise<RunTiles | null> {
  try {
    return await RunTiles.open(run, data);
  } catch (error) {
    if (!(error instanceof InputError) || variant === "compact" || data !== undefined) throw error;
    progress.say(`Not compared with TensorFlow on real tiles. ${error.message}`);
    return null;
  }
}

async function totalBytes(directory: string, card: ModelCard): Promise<number> {
  const names = ["model.json", ...Object.keys(card.files ?? {})];
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  return sizes.reduce((total, size) => total + size, 0);
}
