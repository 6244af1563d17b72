/** @module A training run for the exporter, without TensorFlow, and its tiles, decoded from their files exactly as in prediction. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { groupBy, spreadOver } from "../collections/index";
import { loadDataset } from "../dataset/index";
import { InputError } from "../errors/index";
import { type Prediction, type RowGroups, readPredictions, rowGroups } from "../evaluation/index";
import { readJson } from "../files/index";
import { prepareImage } from "../image/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import { type LayerGraph, readTopology } from "./topology";

/** Tiles with their labels and logits. */
export interface KnownTiles {
  readonly paths: readonly string[];
  /** 0 or 1 for each tile. */
  readonly labels: readonly (0 | 1)[];
  /** TensorFlow's logits. */
  readonly logits: readonly number[];
  /** Groups of dependent tiles, such as those of a patient. */
  readonly groups?: RowGroups | undefined;
}

/** Images that are decoded at the same time. */
const DECODERS = 4;
const GROUP_BYTES = 2 ** 25;

/** Most validation tiles to compare exports on, and of each class at least so many. More would only take longer. */
const [MOST_COMPARED, LEAST_OF_CLASS] = [2000, 200];

/** The tiles of a run: validation tiles with their stored logits, and the paths of the training tiles. */
export class RunTiles {
  private constructor(
    private readonly run: TrainedRun,
    /** All validation tiles, or of a large set about {@link MOST_COMPARED} that are spread evenly over each class. */
    readonly validation: KnownTiles,
    /** Paths of the tiles that the model was trained on. */
    readonly training: readonly string[],
  ) {}

  /** Finds the run's tiles. @param data their directory, if it has moved @throws {InputError} `EXPORT_NO_TILES`, naming what is missing */
  static async open(run: TrainedRun, data = run.config.data): Promise<RunTiles> {
    const { files, config } = run;
    if (data === undefined)
      throw new InputError("EXPORT_NO_TILES", `${files.config} names no data set; give it with --data.`);
    try {
      const predictions = await readPredictions(files.predictions("validation"));
      const dataset = await loadDataset(data, { positive: config.classes[1], ...config.dataset });
      const paths = new Map(dataset.tiles.map((tile) => [tile.name, tile.path]));
      const missing = predictions.find(({ filename }) => !paths.has(filename));
      if (missing) throw new InputError("EXPORT_NO_TILES", `${resolve(data)} has no tile ${missing.filename}.`);
      const validation = comparedTiles(predictions);
      const held = new Set([...predictions, ...(await testPredictions(files))].map(({ filename }) => filename));
      const training = dataset.tiles.filter(({ partition, name }) => partition === "train" && !held.has(name));
      const known: KnownTiles = {
        paths: validation.map(({ filename }) => paths.get(filename) as string),
        labels: validation.map(({ label }) => label),
        logits: validation.map(({ logit }) => logit),
        groups: rowGroups(validation.map(({ group }) => group)),
      };
      const trainingPaths = training.map(({ path }) => path);
      return new RunTiles(run, known, trainingPaths);
    } catch (error) {
      if (!(error instanceof InputError) || error.code === "EXPORT_NO_TILES") throw error;
      throw new InputError("EXPORT_NO_TILES", `The run's tiles cannot be found: ${error.message}`, { cause: error });
    }
  }

  /**
   * Decodes tiles. Skips unreadable ones if training skipped them.
   * @returns uint8 [decoded, size, size, 3] in the order of the paths @throws {InputError} like `prepareImage`
   */
  async pixels(paths: readonly string[], signal?: AbortSignal): Promise<Uint8Array> {
    const { preprocessing, skipUnreadable } = this.run.config;
    const bytes = preprocessing.size ** 2 * 3;
    const pixels = new Uint8Array(paths.length * bytes);
    const unreadable = new Set<number>();
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < paths.length; i = next++) {
        signal?.throwIfAborted();
        try {
          pixels.set((await prepareImage(paths[i] as string, preprocessing)).pixels, i * bytes);
        } catch (error) {
          if (!(skipUnreadable && error instanceof InputError)) throw error;
          unreadable.add(i);
        }
      }
    };
    await Promise.all(Array.from({ length: DECODERS }, worker));
    return unreadable.size === 0 ? pixels : withoutImages(pixels, unreadable, bytes);
  }

  /**
   * Decodes tiles in groups, the next one while a group is used. Skips unreadable ones if training did.
   * @returns uint8 [decoded, size, size, 3] for each group, in the order of the paths @throws {InputError} like `prepareImage`
   */
  async *groups(paths: readonly string[], signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const atOnce = Math.max(DECODERS, Math.floor(GROUP_BYTES / (this.run.config.preprocessing.size ** 2 * 3)));
    const decode = (start: number) => {
      const pixels = this.pixels(paths.slice(start, start + atOnce), signal);
      pixels.catch(() => undefined);
      return pixels;
    };
    let next = decode(0);
    for (let start = 0; start < paths.length; start += atOnce) {
      const pixels = await next;
      next = decode(start + atOnce);
      yield pixels;
    }
  }
}

/** The validation tiles to compare exports on, in their order. */
export function comparedTiles<Tile extends Pick<Prediction, "label">>(predictions: readonly Tile[]): readonly Tile[] {
  const share = MOST_COMPARED / predictions.length;
  const chosen = [...groupBy(predictions, ({ label }) => label).values()].flatMap((tiles) =>
    spreadOver(tiles, Math.max(LEAST_OF_CLASS, Math.round(share * tiles.length))),
  );
  const kept = new Set(chosen);
  return predictions.filter((prediction) => kept.has(prediction));
}

/** The predictions on the test tiles. A data set without a test partition lists these tiles as training tiles. */
async function testPredictions(files: RunDirectory): Promise<readonly Prediction[]> {
  const path = files.predictions("test");
  return existsSync(path) ? readPredictions(path) : [];
}

/** Removes images in place. */
function withoutImages(pixels: Uint8Array, removed: ReadonlySet<number>, bytes: number): Uint8Array {
  let kept = 0;
  for (let i = 0; i * bytes < pixels.length; i++) {
    if (removed.has(i)) continue;
    pixels.copyWithin(kept * bytes, i * bytes, (i + 1) * bytes);
    kept++;
  }
  return pixels.subarray(0, kept * bytes);
}

/** A run's configuration. Runs of earlier versions lack some keys. */
export type ExportedConfig = Pick<RunConfig, "classes" | "preprocessing"> & Partial<RunConfig>;

/** A finished run, ready for export. */
export interface TrainedRun {
  readonly files: RunDirectory;
  readonly config: ExportedConfig;
  readonly layers: LayerGraph;
  readonly metrics: Readonly<Record<string, unknown>> | undefined;
}

/** Reads a run directory. @throws {InputError} `RUN_MISSING`, `RUN_INCOMPLETE` or `TOPOLOGY_UNSUPPORTED` */
export async function readTrainedRun(path: string): Promise<TrainedRun> {
  const files = new RunDirectory(path);
  if (!existsSync(files.config)) {
    const what = existsSync(join(path, "model.json"))
      ? "is an exported model; name the run that it was exported from"
      : existsSync(files.folds)
        ? "is a cross-validation, which has a model for each fold; name the run of one of them, a folder in it"
        : "is not a run directory: it has no config.json";
    throw new InputError("RUN_MISSING", `--run: ${path} ${what}.`);
  }
  if (!existsSync(files.bestWeights) || !existsSync(files.topology)) {
    const message = `--run: ${path} has no trained model yet; finish its training with histo train --run ${path} --resume.`;
    throw new InputError("RUN_INCOMPLETE", message);
  }
  const config = await readJson<ExportedConfig>(files.config);
  for (const key of ["classes", "preprocessing"] as const) {
    if (config[key] === undefined) throw new InputError("RUN_INCOMPLETE", `${files.config} has no ${key}.`);
  }
  const metrics = existsSync(files.metrics) ? await readJson<Record<string, unknown>>(files.metrics) : undefined;
  return { files, config, layers: await readTopology(files.topology), metrics };
}
