/** @module The service's interface to a model, which runs in this process (Lambda) or in a worker (Express), and the models by name. */
import { InputError } from "../../../src/errors/index";
import type { MetSample } from "../../../src/familiar/index";
import type { ClassActivation, Prediction, PreprocessedImage } from "../../../src/inference/index";
import { type ModelCard, readCard } from "../../../src/model-directory/index";
import type { TiledPrediction, TilesSummary } from "../../../src/slide/index";
import { Problem } from "../http/index";

/** The prediction for one image. `inferenceSeconds` is the time of its whole batch. */
export interface Answer extends Prediction {
  /** Waiting for a decoder and for the batch. */
  readonly queueSeconds: number;
  readonly batchSize: number;
  /** For a large picture that was predicted tile by tile. */
  readonly tiles?: TilesSummary;
}

/** The contribution of each part of an image: the change of the logit if that part is covered. */
export interface Explanation {
  readonly grid: number;
  /** Logit of the whole image. */
  readonly logit: number;
  /** `logit - logit(part covered)`, row-major, grid x grid; positive ones support the positive class. */
  readonly contributions: readonly number[];
  /** The contribution of each place to the logit; null for networks that do not end in a global average of features. */
  readonly classActivation: ClassActivation | null;
  readonly seconds: number;
}

export interface GoldenResult {
  /** `absent`: the model has none; a synthetic inference is run instead. */
  readonly status: "passed" | "failed" | "absent";
  readonly logit: number;
  readonly expected: number | null;
}

export interface LoadedModel {
  readonly card: ModelCard;
  /** SHA-256 of the ONNX graph, or of all files of a model with several. */
  readonly sha256: string;
  readonly loadSeconds: number;
  /** `single`: images in a batch would affect each other's logits, so each runs alone. */
  readonly batching: "together" | "single";
}

/**
 * What a loaded model can be asked. All calls reject with {@link Problem}. Bytes come first, then numbers, then the signal,
 * because a server sends them to a worker in this order.
 */
export interface ModelCalls {
  predict(image: Uint8Array, signal?: AbortSignal): Promise<Answer>;
  /** Predicts pictures of more than twice the model's input by their tiles; others like {@link ModelCalls.predict}. */
  predictTiled(image: Uint8Array, signal?: AbortSignal): Promise<Answer>;
  /** Logits of `count` images given as raw uint8 RGB pixels of the model's size. */
  infer(pixels: Uint8Array, count: number, signal?: AbortSignal): Promise<readonly number[]>;
  explain(image: Uint8Array, grid: number, signal?: AbortSignal): Promise<Explanation>;
  /** A small JPEG of the image, at most `edge` pixels. */
  thumbnail(image: Uint8Array, edge: number): Promise<Uint8Array>;
  /** Features of a random sample of the predicted images, without pictures that were predicted by their tiles. */
  metImages(): Promise<MetSample>;
  verifyGolden(): Promise<GoldenResult>;
}

export interface ServedModel extends LoadedModel, ModelCalls {
  readonly name: string;
  /** @param graceMs longest time for work that has begun, where it can be cut off */
  close(graceMs?: number): Promise<void>;
}

/** The predictor's interface for serving, with separate decoding and inference, so that batches can form. */
export interface InferenceBackend extends LoadedModel {
  /**
   * Decodes image bytes to pixels of the model's size, with warnings.
   * @param alone no other request is waiting, so that blocking the thread is allowed
   */
  decode(image: Uint8Array, alone: boolean): Promise<PreprocessedImage>;
  run(pixels: readonly Uint8Array[]): Promise<number[]>;
  /**
   * Predicts a large picture by its tiles; undefined for pictures that are not large.
   * @param run predicts the logits of tiles
   */
  predictTiled(
    image: Uint8Array,
    run: (pixels: readonly Uint8Array[]) => Promise<readonly number[]>,
  ): Promise<TiledPrediction | undefined>;
  /** The contribution of each place of a decoded image to the logit; undefined for networks that do not support it. */
  classActivation(pixels: Uint8Array): Promise<ClassActivation | undefined>;
  thumbnail(image: Uint8Array, edge: number): Promise<Uint8Array>;
  verifyGolden(): Promise<GoldenResult>;
  close(): Promise<void>;
}

/** The loaded models by name; the first is the default. Models can be replaced while requests run. */
export class ModelRegistry {
  private readonly models = new Map<string, ServedModel>();

  constructor(models: readonly ServedModel[] = []) {
    for (const model of models) this.set(model);
  }

  /** Adds a model, or replaces the one with the same name. */
  set(model: ServedModel): void {
    this.models.set(model.name, model);
  }

  /** The named model, or the default one. @throws {Problem} `MODEL_UNAVAILABLE` until there is one, `MODEL_NOT_FOUND` */
  get(name?: string | null): ServedModel {
    const [first] = this.models.values();
    if (!first) throw new Problem("MODEL_UNAVAILABLE", "The models are still loading.");
    const model = name ? this.models.get(name) : first;
    if (model) return model;
    throw new Problem("MODEL_NOT_FOUND", `No model of this name is loaded; loaded: ${this.names().join(", ")}.`);
  }

  names(): string[] {
    return [...this.models.keys()];
  }

  all(): ServedModel[] {
    return [...this.models.values()];
  }
}

/** Names for the models: their own, with the variant added to equal ones. */
export async function nameModels(directories: readonly string[]): Promise<[name: string, directory: string][]> {
  if (directories.length === 0) throw new InputError("MODEL_MISSING", "--model: give at least one model directory.");
  const cards = await Promise.all(directories.map(readCard));
  const named = directories.map((directory, i): [string, string] => {
    const { name = "", variant } = cards[i] ?? {};
    const unique = cards.filter((card) => card.name === name).length === 1;
    return [unique ? name : `${name}-${variant ?? i + 1}`, directory];
  });
  const names = named.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice)
    throw new InputError("MODEL_NAME_TWICE", `--model: two models are named ${twice}; rename one in its model.json.`);
  return named;
}
