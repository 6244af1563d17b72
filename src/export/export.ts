/** @module Exports a training run as a model directory: `model.onnx`, `model.onnx.data`, `model.json`, `golden.png`. */
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { type CompactOptions, integerWriter, writeCompactGraph } from "../compression/index";
import {
  floatWriter,
  type GraphFiles,
  type GraphOptions,
  RunTiles,
  readTrainedRun,
  requireEqualLogits,
  type TrainedRun,
  verifyGraph,
  writeGraphFiles,
} from "../conversion/index";
import { hasErrorCode, InputError } from "../errors/index";
import { bytesIn, mustBeReplaceable, writeFolderAtomically } from "../files/index";
import { megabytes } from "../format/index";
import { modelSha256 } from "../model-directory/index";
import { type Progress, silentProgress } from "../progress/index";
import { type CardExtras, writeCard } from "./card";

/** fp32: exact. int8: weights and activations in 8 bits. compact: the smallest form that is as good on validation. */
export type Variant = "fp32" | "int8" | "compact";

interface ExportOptions extends Partial<Omit<CompactOptions, "onBytes" | "onCompared">> {
  /** Run directory. */
  readonly run: string;
  /** Directory to create. */
  readonly out: string;
  /** Default fp32. */
  readonly variant?: Variant | undefined;
  /** The data set's directory, if it has moved since training. */
  readonly data?: string | undefined;
  /** fp32 and int8: combine a subspace stem and the layer after it into an ordinary first layer. */
  readonly foldProjection?: boolean | undefined;
  /** Micrometres per pixel of the training tiles, for slides. */
  readonly mpp?: number | undefined;
}

/** The exported model. */
export type ExportResult = Awaited<ReturnType<typeof exportRun>>;

/**
 * Exports a run. The input of the model is `pixels`, raw pixels as uint8 [n, size, size, 3], and its output is `logit`, float32
 * [n, 1]. Standardization is folded into the first linear layer. The model's logits are compared with TensorFlow's on
 * validation tiles before the directory gets its final name, so that it is either complete or missing.
 * @throws {InputError} codes `RUN_...`, `TOPOLOGY_UNSUPPORTED`, `LAYER_UNSUPPORTED`, `OUT_OCCUPIED`, `EXPORT_NO_TILES`,
 *   `EXPORT_TILES_ALIKE`
 * @throws {HistoError} `EXPORT_DIFFERS`, `EXPORT_TOO_LOSSY`
 */
export async function exportRun(options: ExportOptions) {
  const started = performance.now();
  const { progress = silentProgress, variant = "fp32", signal } = options;
  const run = await readTrainedRun(options.run);
  const tiles = await findTiles(run, options, progress);
  const task = progress.start(`Export ${variant}`, 0, "MB");
  let written = 0;
  const tell = (note?: string) => {
    // Small models have less than a megabyte.
    task.update(written < 1e7 ? Number((written / 1e6).toPrecision(2)) : Math.round(written / 1e6), note);
    signal?.throwIfAborted();
  };
  const result = await writeDirectory(options.out, async (directory) => {
    const { graph, ...extras } = await writeVariant(variant, run, tiles, directory, {
      progress,
      signal,
      foldProjection: options.foldProjection,
      maxChangedAnswers: options.maxChangedAnswers,
      onBytes(done) {
        written = done;
        tell();
      },
      onCompared: (done) => tell(`${done} of ${tiles?.validation.paths.length} tiles compared with TensorFlow`),
    });
    const { mpp = run.config.mpp } = options;
    const card = await writeCard(run, directory, graph, { variant, ...extras, ...(mpp !== undefined && { mpp }) });
    return {
      /** Of the trained network. */
      parameters: graph.parameters,
      /** Weights that are stored in 8 or 4 bits. 0 in int8 and compact: the network has no layer that they round. */
      roundedWeights: graph.roundedWeights,
      /** Of all files together. */
      bytes: bytesIn(directory),
      sha256: modelSha256(card.files ?? {}),
      /** How the first layer was compressed. Null for other variants. */
      compression: extras.compression ?? null,
      /** Comparison with TensorFlow's logits on the validation tiles. Null if the tiles were not found. */
      verification: extras.verification ?? null,
    };
  });
  task.finish(`${options.out}, ${megabytes(result.bytes)}`);
  return { out: resolve(options.out), variant, ...result, seconds: (performance.now() - started) / 1000 };
}

async function writeVariant(
  variant: Variant,
  run: TrainedRun,
  tiles: RunTiles | null,
  directory: string,
  work: GraphOptions & CompactOptions,
): Promise<{ graph: GraphFiles } & CardExtras> {
  if (variant === "compact") return writeCompactGraph(run, tiles as RunTiles, directory, work);
  const writer = variant === "fp32" ? floatWriter : integerWriter;
  const graph = await writeGraphFiles(run, directory, writer, work);
  if (!tiles) return { graph };
  const images = tiles.groups(tiles.validation.paths, work.signal);
  const verification = await verifyGraph(directory, run, tiles.validation, images, variant !== "fp32", work.onCompared);
  if (variant === "fp32") requireEqualLogits(verification, tiles.validation, run.config);
  return { graph, verification };
}

/** The run's tiles. Missing tiles are an error only for the compact variant or if the user gave their directory. */
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

/**
 * Runs `write` on a temporary directory, which then gets the name `path` and replaces an empty directory or an earlier model there.
 * @throws {InputError} `OUT_OCCUPIED` if `path` is something else, `OUT_NOT_WRITABLE`
 */
async function writeDirectory<T>(path: string, write: (directory: string) => Promise<T>): Promise<T> {
  const target = resolve(path);
  await checkTarget(target);
  return writeFolderAtomically(target, write);
}

async function checkTarget(target: string): Promise<void> {
  const names: readonly string[] = await readdir(target).catch((error: unknown) => {
    if (hasErrorCode(error, "ENOENT")) return [];
    if (hasErrorCode(error, "ENOTDIR")) {
      throw new InputError("OUT_OCCUPIED", `--out: ${target} is a file; name a directory.`);
    }
    throw error;
  });
  if (names.length === 0 || names.includes("model.json")) return mustBeReplaceable("--out", target);
  throw new InputError("OUT_OCCUPIED", `--out: ${target} holds other files; name a new or empty directory.`);
}
