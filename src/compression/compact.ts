/** @module Finds the smallest export that is as good on validation tiles, by trying forms of the first layer from small to large. */
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { spreadOver } from "../collections/index";
import {
  floatWriter,
  type GraphFiles,
  type GraphOptions,
  type LinearMap,
  type LinearWriter,
  type RunTiles,
  type TrainedRun,
  verifyGraph,
  writeGraphFiles,
} from "../conversion/index";
import { HistoError, InputError } from "../errors/index";
import { percent } from "../format/index";
import { type Compression, describeAucChange, describeCompression, type Verification } from "../model-directory/index";
import type { Progress } from "../progress/index";
import { fourBitPixels } from "./four-bit";
import { integerWriter } from "./integer";
import { explainRefusal, isAcceptable, missedLimits, type RefusedForm } from "./limits";
import { type SplitMap, splitMap } from "./low-rank";
import { Pooling } from "./pooling";
import { Tail } from "./tail";

/** Largest share of validation tiles whose answer may change, rounded up to whole tiles. */
const MAX_CHANGED_ANSWERS = 0.02;
const RANKS = [16, 32, 64, 128, 256, 384];
const BITS = [8, 4] as const;
/** Validation tiles of more bytes are decoded again for each form, so that they need not fit in memory. */
const HELD_BYTES = 2 ** 31;
/** Sides of the blocks of pixels to average. */
const POOLINGS = [2, 3, 4];

export interface CompactOptions extends Pick<GraphOptions, "onBytes"> {
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** Largest share of the validation tiles whose answer may change, 0 to 1. Default 0.02. */
  readonly maxChangedAnswers?: number | undefined;
  /** Called with the number of tiles that have been compared with TensorFlow. May throw to stop. */
  readonly onCompared?: ((done: number) => void) | undefined;
}

/** The smallest acceptable graph. */
export interface CompactGraph {
  readonly graph: GraphFiles;
  /** Absent for networks without a linear layer on pixels, such as a CNN. */
  readonly compression?: Compression;
  readonly verification: Verification;
}

/**
 * Writes the smallest acceptable graph into `directory`. @throws {HistoError} `EXPORT_TOO_LOSSY` if no candidate is acceptable
 * @throws {InputError} `EXPORT_TILES_ALIKE` if that is because all validation tiles have the same logit
 */
export async function writeCompactGraph(
  run: TrainedRun,
  tiles: RunTiles,
  directory: string,
  { progress, signal, maxChangedAnswers = MAX_CHANGED_ANSWERS, onBytes, onCompared }: CompactOptions,
): Promise<CompactGraph> {
  const allowedChanges = Math.ceil(maxChangedAnswers * tiles.validation.logits.length);
  const calibration = await calibrationPixels(tiles, run.config.preprocessing.size, signal);
  const { paths } = tiles.validation;
  const isHeld = paths.length * run.config.preprocessing.size ** 2 * 3 <= HELD_BYTES;
  const held = isHeld ? [await tiles.pixels(paths, signal)] : undefined;
  const stem = new Stem(calibration, run.config.preprocessing.size, progress, signal);
  const refused: RefusedForm[] = [];
  for (const candidate of await stem.candidates(run, directory)) {
    const folder = join(directory, "candidate");
    await mkdir(folder);
    const graph = await writeGraphFiles(run, folder, stem.writer(candidate), { onBytes });
    const images = held ?? tiles.groups(paths, signal);
    const verification = await verifyGraph(folder, run, tiles.validation, images, true, onCompared);
    const missed = missedLimits(verification, allowedChanges);
    if (isAcceptable(missed)) {
      for (const name of Object.keys(graph.files)) await rename(join(folder, name), join(directory, name));
      await rm(folder, { recursive: true });
      return { graph, ...(candidate && { compression: candidate }), verification };
    }
    const description = candidate ? describeCompression(candidate) : "layers in 8 bits";
    progress.say(`${description}: not close enough (${describeChange(verification)})`);
    refused.push({ description, verification, missed });
    await rm(folder, { recursive: true });
  }
  mustDiffer(tiles.validation.logits);
  throw new HistoError(
    "EXPORT_TOO_LOSSY",
    `No compact form of this model answers like the trained one on the validation tiles. ${explainRefusal(refused)}`,
  );
}

/** Logits that differ by less, relative to their size, differ by rounding. */
const ROUNDING = 1e-6;

/** Changes of logits are compared with their spread: without one, any change is too large. */
function mustDiffer(logits: ArrayLike<number>): void {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < logits.length; i++) {
    least = Math.min(least, logits[i] as number);
    most = Math.max(most, logits[i] as number);
  }
  if (most - least > ROUNDING * Math.max(Math.abs(least), Math.abs(most))) return;
  const message = "The model gives all validation tiles the same logit (are they all alike?), by which no compact form";
  throw new InputError("EXPORT_TILES_ALIKE", `${message} can be compared with it. Export int8 or fp32.`);
}

function describeChange(verification: Verification): string {
  const { rmsDeviation, logitSpread, changedAnswers } = verification;
  const size =
    logitSpread > 0 ? `${percent(rmsDeviation / logitSpread)} of their spread` : `${rmsDeviation.toPrecision(2)}`;
  const change = `logits change by ${size}, changed answers: ${changedAnswers}`;
  const auc = describeAucChange(verification);
  return auc ? `AUC ${auc}, ${change}` : change;
}

/** The first layer on raw pixels, which is split once, and the writers of its compressed forms. */
class Stem {
  private split: SplitMap | undefined;
  private columns = 0;
  private readonly poolings = new Map<number, Pooling>();

  constructor(
    private readonly calibration: Uint8Array,
    private readonly imageSize: number,
    private readonly progress: Progress,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** The forms of a linear layer on pixels to try, smallest first; undefined, alone, for networks without one. */
  async candidates(run: TrainedRun, directory: string): Promise<(Compression | undefined)[]> {
    const folder = join(directory, "probe");
    await mkdir(folder);
    await writeGraphFiles(run, folder, this.probe(await Tail.read(run)));
    await rm(folder, { recursive: true });
    if (!this.split) return [undefined];
    const whole: Compression = { rank: null, bits: 8 };
    const { rank } = this.split;
    const ranks = RANKS.filter((r) => r <= rank && r < 0.8 * this.columns);
    const split = ranks.flatMap((rank) => BITS.map((bits) => ({ rank, bits })));
    const pooled = POOLINGS.flatMap((pooling) => BITS.map((bits) => ({ rank: null, bits, pooling })));
    const size = ({ rank, bits, pooling = 1 }: Compression) => ((rank ?? this.columns) * bits) / pooling ** 2;
    const narrow = this.columns <= 2 * Math.max(...RANKS) ? [{ rank: null, bits: 4 } as const] : [];
    return [...split, ...pooled, ...narrow, whole].sort((a, b) => size(a) - size(b) || b.bits - a.bits);
  }

  /** A writer that splits the first layer. The graph that it writes is not used. */
  private probe(tail: Tail | undefined): LinearWriter {
    return {
      floats: integerWriter.floats,
      pixels: async (graph, name, input, map, pixels) => {
        const task = this.progress.start("Splitting the first layer", 100, "%");
        this.columns = map.matrix.columns;
        this.split = await splitMap(map, {
          images: this.calibration,
          pixels,
          maximumRank: Math.max(...RANKS),
          tail,
          onProgress: (share) => {
            this.signal?.throwIfAborted();
            task.update(Math.round(100 * share));
          },
        });
        task.finish(`${this.split.rank} components`);
        // Where all training tiles are alike, nothing can be left out by what they show.
        if (this.split.rank === 0) return floatWriter.pixels(graph, name, input, map, pixels);
        const { first, second } = this.split.truncated(1);
        const component = await floatWriter.pixels(graph, name, input, first, pixels);
        return floatWriter.floats(graph, `${name}/outputs`, component, second, 2);
      },
    };
  }

  /** Writes the first layer in the given form and the other layers in integers. */
  writer(form: Compression | undefined): LinearWriter {
    if (!form) return integerWriter;
    const { rank, bits, pooling = 1 } = form;
    const pixelMap: LinearWriter["pixels"] = bits === 4 ? fourBitPixels : integerWriter.pixels;
    return {
      floats: integerWriter.floats,
      pixels: async (graph, name, input, map: LinearMap, pixels) => {
        if (pooling > 1) {
          const smaller = this.pooling(pooling);
          return pixelMap(graph, name, await smaller.write(graph, input), await smaller.mapOf(map), pixels);
        }
        if (rank === null || !this.split) return pixelMap(graph, name, input, map, pixels);
        const { first, second } = this.split.truncated(rank);
        const components = await pixelMap(graph, name, input, first, pixels);
        return floatWriter.floats(graph, `${name}/outputs`, components, second, 2);
      },
    };
  }

  /** Averages over blocks, which are the same for both numbers of bits. */
  private pooling(factor: number): Pooling {
    const pooling = this.poolings.get(factor) ?? new Pooling(this.imageSize, factor, this.calibration);
    this.poolings.set(factor, pooling);
    return pooling;
  }
}

/** Number of images to use. Finding directions well takes a few times more images than directions. */
const IMAGES = 2048;
/** Quarter turns of an image. Tissue has no preferred orientation. */
const TURNS = 4;

/** Pixels of up to {@link IMAGES} images, uint8 [count, size, size, 3], evenly spread over the training tiles. */
async function calibrationPixels(tiles: RunTiles, size: number, signal?: AbortSignal): Promise<Uint8Array> {
  const upright = await tiles.pixels(spreadOver(tiles.training, IMAGES), signal);
  const bytes = size * size * 3;
  const images = upright.length / bytes;
  const turns = Math.min(TURNS, Math.max(1, Math.floor(IMAGES / Math.max(1, images))));
  const all = new Uint8Array(upright.length * turns);
  for (let turn = 0; turn < turns; turn++) {
    for (let image = 0; image < images; image++) {
      const from = upright.subarray(image * bytes, (image + 1) * bytes);
      turnImage(from, size, turn, all.subarray((turn * images + image) * bytes));
    }
  }
  return all;
}

/** Copies an image, rotated by a number of quarter turns. */
function turnImage(from: Uint8Array, size: number, turns: number, into: Uint8Array): void {
  if (turns === 0) {
    into.set(from);
    return;
  }
  const last = size - 1;
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at += 3) {
      const [sourceY, sourceX] = turns === 1 ? [x, last - y] : turns === 2 ? [last - y, last - x] : [last - x, y];
      const source = (sourceY * size + sourceX) * 3;
      into[at] = from[source]!;
      into[at + 1] = from[source + 1]!;
      into[at + 2] = from[source + 2]!;
    }
  }
}
