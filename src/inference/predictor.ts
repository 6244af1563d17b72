/** @module The one predictor: an exported model that answers for images. The CLI, Express, Lambda and notebooks use it. */
import { join } from "node:path";
import { HistoError, messageOf } from "../errors/index";
import type { Familiarity } from "../familiar/index";
import { readJson } from "../files/index";
import type { DecodeLimits } from "../image/index";
import { prepareImage } from "../image/index";
import { sigmoid } from "../logits/index";
import {
  type ModelCard,
  type ModelDirectory,
  openChecked,
  readModelDirectory,
  readModelFile,
} from "../model-directory/index";
import { GraphSession, loadRuntime } from "../onnxruntime/index";
import { logitsOf, type Prediction } from "./answers";
import { dependsOnBatch } from "./batch-dependence";
import { type ClassActivation, ClassActivationSession } from "./class-activation";
import { cannotRun, checkGraph, checkOutputLength, fixedBatch } from "./graph-check";
import { modelInput } from "./model-input";
import { type Oddity, oddityOf } from "./warnings";

interface PredictorOptions {
  /** Threads of the network. Default: the processor's parallelism, at most 8. */
  readonly threads?: number | undefined;
  /** Whether idle threads of the network keep their cores busy. Default true. */
  readonly spinning?: boolean;
  /** Bits that the values of 16-bit images use, in place of what the model's card says. */
  readonly bitDepth?: number | undefined;
  /** Probability from which on the answer is positive, in place of the card's. */
  readonly threshold?: number | undefined;
}

/** An image as the network takes it. */
export interface PreprocessedImage extends Oddity {
  /** uint8, RGB, [size, size, 3]. */
  readonly pixels: Uint8Array;
  /** Colours and textures, as the room `familiar` measures them; absent where the model has nothing to compare them with. */
  readonly features?: Float32Array;
  /** The time that it took. */
  readonly seconds: number;
}

/** Images are sent through the network in groups of at most this many. */
const GROUP = 32;
/** Images of a batch that are decoded at the same time. */
const DECODERS = 4;

/** A loaded model. Safe for several callers at once; {@link Predictor.close} waits for them. */
export class Predictor {
  private goldenImage: Promise<Uint8Array> | undefined;

  private readonly fixedBatch: number | undefined;

  private single = false;

  private activation: Promise<ClassActivationSession | undefined> | undefined;

  private constructor(
    private readonly directory: ModelDirectory,
    private readonly session: GraphSession,
    private readonly familiarity: Familiarity | undefined,
    private readonly options: PredictorOptions,
  ) {
    this.fixedBatch = fixedBatch(directory, session);
  }

  /**
   * Loads a model directory; one whose files do not have the SHA-256 in its card is refused, and so is one whose graph is
   * not what the card says.
   * @throws {InputError} `MODEL_MISSING`, `MODEL_CARD_INVALID`, `MODEL_CORRUPT` or `MODEL_UNREADABLE`, naming the file
   */
  static async open(path: string, options: PredictorOptions = {}): Promise<Predictor> {
    // The library loads while the files are looked at. What is wrong with it shows when the session is opened.
    loadRuntime().catch(() => undefined);
    const directory = withChoices(await readModelDirectory(path), options);
    const session = await openChecked(
      directory,
      () =>
        GraphSession.open(join(path, directory.card.graph), {
          ...options,
          fullRangeWeights: !isExport(directory.card),
        }),
      (opened) => opened.close(),
    );
    try {
      const predictor = new Predictor(directory, session, await familiarityOf(directory), options);
      if (!checkGraph(directory, session)) await predictor.tryOnce();
      // Exports of this project give each image its own steps.
      if (!isExport(directory.card)) await predictor.findBatching();
      return predictor;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** `model.json`. */
  get card(): ModelCard {
    return this.directory.card;
  }

  /** Identity of the model's files. */
  get sha256(): string {
    return this.directory.sha256;
  }

  /** `single`: images would change each other's logits, so each runs alone. */
  get batching(): "together" | "single" {
    return this.single ? "single" : "together";
  }

  /** Answers for one image file's bytes (PNG, JPEG, WebP, TIFF). @throws {InputError} codes `IMAGE_...` */
  async predict(image: Uint8Array): Promise<Prediction> {
    const preprocessed = await this.preprocess(image);
    const started = performance.now();
    const [logit] = await this.predictPixels(preprocessed.pixels, 1);
    return this.answer(logit as number, preprocessed, (performance.now() - started) / 1000);
  }

  /** Answers for many images; an image that cannot be read gets an error in its place and spoils no other. */
  async predictBatch(images: readonly Uint8Array[]): Promise<(Prediction | HistoError)[]> {
    const answers: (Prediction | HistoError)[] = [];
    for (let start = 0; start < images.length; start += GROUP) {
      answers.push(...(await this.predictGroup(images.slice(start, start + GROUP))));
    }
    return answers;
  }

  /** Image bytes to the pixels that {@link Predictor.predictPixels} takes. @throws {InputError} codes `IMAGE_...` */
  async preprocess(image: Uint8Array, limits?: DecodeLimits): Promise<PreprocessedImage> {
    const started = performance.now();
    const prepared = await prepareImage(image, this.card.preprocessing, limits);
    const { pixels } = prepared;
    const oddity = oddityOf(prepared, this.card.preprocessing.size, this.familiarity);
    return { pixels, ...oddity, seconds: (performance.now() - started) / 1000 };
  }

  /** What is odd about a preprocessed image. @param pixels uint8, RGB, [size, size, 3] */
  lookAt(pixels: Uint8Array): Oddity {
    return oddityOf({ pixels, warnings: [] }, this.card.preprocessing.size, this.familiarity);
  }

  /**
   * Logits of preprocessed images.
   * @param pixels uint8, RGB, [count, size, size, 3], stain normalization already applied
   * @throws {InputError} `MODEL_CARD_INVALID` when the graph does not give the numbers that the card's `output.kind` means
   */
  async predictPixels(pixels: Uint8Array, count: number): Promise<Float32Array> {
    const most = Math.max(1, Math.floor(GROUP / (this.card.views ?? 1)));
    const batch = this.fixedBatch ?? (this.single ? 1 : Math.min(count, most));
    const step = this.single ? 1 : batch;
    if (batch === count && step === count) return this.runGraph(pixels, count);
    const bytes = pixels.length / count;
    const logits = new Float32Array(count);
    for (let first = 0; first < count; first += step) {
      if (step === batch && first + step <= count) {
        logits.set(await this.runGraph(pixels.subarray(first * bytes, (first + step) * bytes), batch), first);
        continue;
      }
      const some = new Uint8Array(batch * bytes);
      // An image that runs alone fills the whole batch, so that nothing else has a say.
      for (let at = 0; at < batch; at += step) {
        some.set(pixels.subarray(first * bytes, Math.min(count, first + step) * bytes), at * bytes);
      }
      logits.set((await this.runGraph(some, batch)).subarray(0, Math.min(step, count - first)), first);
    }
    return logits;
  }

  /**
   * What each place of a preprocessed image adds to the logit. The first call loads the network a second time.
   * @param pixels uint8, RGB, [size, size, 3]
   * @returns undefined for networks that do not end in a global average of features
   */
  async classActivation(pixels: Uint8Array): Promise<ClassActivation | undefined> {
    this.activation ??= ClassActivationSession.open(this.directory, this.options);
    return (await this.activation)?.of(pixels);
  }

  private async findBatching(): Promise<void> {
    const { path, card } = this.directory;
    const bytes = card.preprocessing.size ** 2 * 3;
    const run = (pixels: Uint8Array, count: number) => this.predictPixels(pixels, count);
    this.single = await dependsOnBatch(join(path, card.graph), bytes, run);
  }

  private async runGraph(pixels: Uint8Array, count: number): Promise<Float32Array> {
    const { card } = this;
    const tensor = modelInput(pixels, count, card);
    const output = await this.session.run(card.input.name, tensor, card.output.name);
    checkOutputLength(this.directory, output.length, count);
    return logitsOf(output, card.output.kind);
  }

  /**
   * Answers for the golden example. Its image is read the first time: later the directory may hold another model.
   * @returns null where the model has none
   */
  async verifyGolden(): Promise<{ ok: boolean; logit: number; expected: number; difference: number } | null> {
    const { golden } = this.card;
    if (!golden) return null;
    this.goldenImage ??= readModelFile(this.directory, golden.image).catch((error: unknown) => {
      this.goldenImage = undefined;
      throw error;
    });
    const { logit } = await this.predict(await this.goldenImage);
    const difference = Math.abs(logit - golden.logit);
    return { ok: difference <= golden.tolerance, logit, expected: golden.logit, difference };
  }

  /** Waits for the predictions under way and frees the model. */
  async close(): Promise<void> {
    await (await this.activation?.catch(() => undefined))?.close();
    await this.session.close();
  }

  /** Runs a black image, where the graph does not declare what it takes and gives. @throws {InputError} `MODEL_CARD_INVALID` */
  private async tryOnce(): Promise<void> {
    const { size } = this.card.preprocessing;
    try {
      await this.predictPixels(new Uint8Array(size * size * 3), 1);
    } catch (error) {
      if (!(error instanceof HistoError) || error.code !== "INFERENCE_FAILED") throw error;
      throw cannotRun(this.directory, error.message);
    }
  }

  private async predictGroup(images: readonly Uint8Array[]): Promise<(Prediction | HistoError)[]> {
    const decoded = await this.decodeAll(images);
    const good = decoded.filter((item): item is PreprocessedImage => !(item instanceof HistoError));
    const size = good[0]?.pixels.length ?? 0;
    const batch = new Uint8Array(good.length * size);
    for (const [i, { pixels }] of good.entries()) batch.set(pixels, i * size);
    const started = performance.now();
    const logits = good.length > 0 ? await this.predictPixels(batch, good.length) : new Float32Array(0);
    const share = (performance.now() - started) / 1000 / good.length;
    let next = 0;
    return decoded.map((item) =>
      item instanceof HistoError ? item : this.answer(logits[next++] as number, item, share),
    );
  }

  private async decodeAll(images: readonly Uint8Array[]): Promise<(PreprocessedImage | HistoError)[]> {
    const results: (PreprocessedImage | HistoError)[] = new Array(images.length);
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < images.length; i = next++) {
        try {
          results[i] = await this.preprocess(images[i] as Uint8Array);
        } catch (error) {
          results[i] =
            error instanceof HistoError
              ? error
              : new HistoError("IMAGE_UNREADABLE", messageOf(error), { cause: error });
        }
      }
    };
    await Promise.all(Array.from({ length: DECODERS }, worker));
    return results;
  }

  private answer(
    logit: number,
    { seconds: preprocessSeconds, inDistribution, warnings }: PreprocessedImage,
    inferenceSeconds: number,
  ): Prediction {
    const probability = sigmoid(logit);
    const { classes, threshold } = this.card;
    const predictedClass = classes[probability >= threshold ? 1 : 0];
    return {
      logit,
      probability,
      predictedClass,
      threshold,
      preprocessSeconds,
      inferenceSeconds,
      inDistribution,
      warnings,
    };
  }
}

/** Whether this project exported the model. */
const isExport = (card: ModelCard): boolean => card.variant !== undefined;

/** What the model keeps of its training tiles. Its checksum has been compared already. */
async function familiarityOf({ path, card: { familiar } }: ModelDirectory): Promise<Familiarity | undefined> {
  return familiar === undefined ? undefined : readJson<Familiarity>(join(path, familiar));
}

function withChoices(directory: ModelDirectory, { bitDepth, threshold }: PredictorOptions): ModelDirectory {
  const { card } = directory;
  const preprocessing = { ...card.preprocessing, ...(bitDepth !== undefined && { bitDepth }) };
  return { ...directory, card: { ...card, preprocessing, ...(threshold !== undefined && { threshold }) } };
}
