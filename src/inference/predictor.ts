/** @module Predicts images with an exported model, for the CLI, Express, Lambda and notebooks. */
import { join } from "node:path";
import { HistoError, messageOf } from "../errors/index";
import { type Familiarity, familiarityOf } from "../familiar/index";
import { type DecodeLimits, prepareImage } from "../image/index";
import { decisionOn } from "../logits/index";
import {
  type ModelCard,
  type ModelDirectory,
  openChecked,
  readModelDirectory,
  readModelFile,
} from "../model-directory/index";
import { GraphSession, loadRuntime } from "../onnxruntime/index";
import { assessImage, type ImageAssessment, logitsOf, type Prediction } from "./answers";
import { type ClassActivation, ClassActivationSession } from "./class-activation";
import {
  cannotRun,
  checkGraph,
  checkLastOperator,
  checkOutputLength,
  checkOutputValues,
  dependsOnBatch,
  fixedBatch,
  modelInput,
} from "./graph-check";

interface PredictorOptions {
  /** Threads of the network. Default: the processor's parallelism, at most 8. */
  readonly threads?: number | undefined;
  /** Whether idle threads of the network keep their cores busy. Default true. */
  readonly spinning?: boolean;
  /** Number of bits in the values of 16-bit images, instead of the number in the card. */
  readonly bitDepth?: number | undefined;
  /** Smallest probability of a positive answer, instead of the threshold in the card. */
  readonly threshold?: number | undefined;
}

/** An image that is ready for the network. */
export interface PreprocessedImage extends ImageAssessment {
  /** uint8, RGB, [size, size, 3]. */
  readonly pixels: Uint8Array;
  readonly seconds: number;
}

/** Largest number of images in a run of the network. */
const GROUP = 32;
/** Number of images that are decoded at the same time. */
const DECODERS = 4;

/** A loaded model. Several callers can use it at once, and {@link Predictor.close} waits for them. */
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
   * Loads a model directory. Its files must have the SHA-256 in the card, and its graph must match the card.
   * @throws {InputError} `MODEL_MISSING`, `MODEL_CARD_INVALID`, `MODEL_CORRUPT` or `MODEL_UNREADABLE`, naming the file
   */
  static async open(path: string, options: PredictorOptions = {}): Promise<Predictor> {
    // Loads the library while the files are checked. Its errors are reported when the session is opened.
    loadRuntime().catch(() => undefined);
    const directory = withChoices(await readModelDirectory(path), options);
    const { card } = directory;
    const isExport = card.variant !== undefined;
    const open = () => GraphSession.open(join(path, card.graph), { ...options, fullRangeWeights: !isExport });
    const session = await openChecked(directory, open, (opened) => opened.close());
    try {
      const predictor = new Predictor(directory, session, await familiarityOf(directory), options);
      if (!checkGraph(directory, session)) await predictor.tryOnce();
      // Exports of this project quantize each image separately.
      if (!isExport) {
        await predictor.findBatching();
        await checkLastOperator(directory);
        await predictor.checkValues();
      }
      return predictor;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get card(): ModelCard {
    return this.directory.card;
  }

  get sha256(): string {
    return this.directory.sha256;
  }

  /** `single`: each image runs alone, because images would change each other's logits. */
  get batching(): "together" | "single" {
    return this.single ? "single" : "together";
  }

  /**
   * Predicts one image from the bytes of its file (PNG, JPEG, WebP, TIFF).
   * @throws {InputError} codes `IMAGE_...`; {@link HistoError} `INFERENCE_FAILED`
   */
  async predict(image: Uint8Array): Promise<Prediction> {
    const preprocessed = await this.preprocess(image);
    const started = performance.now();
    const [logit] = await this.predictPixels(preprocessed.pixels, 1);
    return this.answer(logit as number, preprocessed, (performance.now() - started) / 1000);
  }

  /** Predicts many images. For an image that cannot be read or predicted, returns an error in its place. */
  async predictBatch(images: readonly Uint8Array[]): Promise<(Prediction | HistoError)[]> {
    const answers: (Prediction | HistoError)[] = [];
    for (let start = 0; start < images.length; start += GROUP) {
      answers.push(...(await this.predictGroup(images.slice(start, start + GROUP))));
    }
    return answers;
  }

  /** Turns the bytes of an image into the pixels for {@link Predictor.predictPixels}. @throws {InputError} codes `IMAGE_...` */
  async preprocess(image: Uint8Array, limits?: DecodeLimits): Promise<PreprocessedImage> {
    const started = performance.now();
    const prepared = await prepareImage(image, this.card.preprocessing, limits);
    const assessment = assessImage(prepared, this.card.preprocessing.size, this.familiarity);
    return { pixels: prepared.pixels, ...assessment, seconds: (performance.now() - started) / 1000 };
  }

  /** Compares a preprocessed image with the training tiles. @param pixels uint8, RGB, [size, size, 3] */
  assess(pixels: Uint8Array): ImageAssessment {
    return assessImage({ pixels, warnings: [] }, this.card.preprocessing.size, this.familiarity);
  }

  /**
   * Logits of preprocessed images.
   * @param pixels uint8, RGB, [count, size, size, 3], after stain normalization
   * @throws {InputError} `MODEL_CARD_INVALID` if the graph's output does not match the card's `output.kind`
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
      // An image that runs alone fills the whole batch, so that no other values influence it.
      for (let at = 0; at < batch; at += step) {
        some.set(pixels.subarray(first * bytes, Math.min(count, first + step) * bytes), at * bytes);
      }
      logits.set((await this.runGraph(some, batch)).subarray(0, Math.min(step, count - first)), first);
    }
    return logits;
  }

  /**
   * Contributions of the places of a preprocessed image to its logit. The first call loads the network a second time.
   * @param pixels uint8, RGB, [size, size, 3]
   * @returns undefined for networks that do not end in a global average of features
   */
  async classActivation(pixels: Uint8Array): Promise<ClassActivation | undefined> {
    this.activation ??= ClassActivationSession.open(this.directory, this.options).catch((error: unknown) => {
      this.activation = undefined;
      throw error;
    });
    return (await this.activation)?.of(pixels);
  }

  private async findBatching(): Promise<void> {
    const { path, card } = this.directory;
    const bytes = card.preprocessing.size ** 2 * 3;
    const run = (pixels: Uint8Array, count: number) => this.predictPixels(pixels, count);
    this.single = await dependsOnBatch(join(path, card.graph), bytes, run);
  }

  /** Runs images of several shades, which distinguishes logits from probabilities. @throws {InputError} `MODEL_CARD_INVALID` */
  private async checkValues(): Promise<void> {
    const count = this.fixedBatch ?? 1;
    const image = count * this.card.preprocessing.size ** 2 * 3;
    const outputs: number[] = [];
    for (const shade of [0, 96, 255]) outputs.push(...(await this.outputOf(new Uint8Array(image).fill(shade), count)));
    checkOutputValues(this.directory, Float32Array.from(outputs));
  }

  private async runGraph(pixels: Uint8Array, count: number): Promise<Float32Array> {
    const output = await this.outputOf(pixels, count);
    const { kind } = this.card.output;
    // A few pairs of logits may add up to 1 by chance.
    if (kind !== "logits2") checkOutputValues(this.directory, output);
    return logitsOf(output, kind);
  }

  private async outputOf(pixels: Uint8Array, count: number): Promise<Float32Array> {
    const { card } = this;
    const tensor = modelInput(pixels, count, card);
    const output = await this.session.run(card.input.name, tensor, card.output.name);
    checkOutputLength(this.directory, output.length, count);
    return output;
  }

  /**
   * Predicts the golden example. Reads its image only once, because the directory may hold another model later.
   * @returns null if the model has no golden example
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

  /** Waits for running predictions and frees the model. */
  async close(): Promise<void> {
    await (await this.activation?.catch(() => undefined))?.close();
    await this.session.close();
  }

  /** Runs a black image to check a graph that does not declare its shapes. @throws {InputError} `MODEL_CARD_INVALID` */
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
    return decoded.map((item) => {
      if (item instanceof HistoError) return item;
      try {
        return this.answer(logits[next++] as number, item, share);
      } catch (error) {
        if (error instanceof HistoError) return error;
        throw error;
      }
    });
  }

  private async decodeAll(images: readonly Uint8Array[]): Promise<(PreprocessedImage | HistoError)[]> {
    const results: (PreprocessedImage | HistoError)[] = new Array(images.length);
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < images.length; i = next++) {
        try {
          results[i] = await this.preprocess(images[i] as Uint8Array);
        } catch (error) {
          const isKnown = error instanceof HistoError;
          results[i] = isKnown ? error : new HistoError("IMAGE_UNREADABLE", messageOf(error), { cause: error });
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
    return { ...decisionOn(logit, this.card), preprocessSeconds, inferenceSeconds, inDistribution, warnings };
  }
}

function withChoices(directory: ModelDirectory, { bitDepth, threshold }: PredictorOptions): ModelDirectory {
  const { card } = directory;
  const preprocessing = { ...card.preprocessing, ...(bitDepth !== undefined && { bitDepth }) };
  return { ...directory, card: { ...card, preprocessing, ...(threshold !== undefined && { threshold }) } };
}
