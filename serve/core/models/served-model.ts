/** @module What the service knows of a model, whether it runs in this process (Lambda) or in a worker (Express). */

import type { MetSample } from "../../../src/familiar/index";
import type { ClassActivation, Oddity } from "../../../src/inference/index";
import type { ModelCard } from "../../../src/model-directory/index";
import type { TilesSummary } from "../../../src/slide/index";
import { Problem } from "../http/index";

/** One answered image. */
export interface Answer extends Oddity {
  readonly logit: number;
  /** Of the positive class, 0 to 1. */
  readonly probability: number;
  readonly predictedClass: string;
  readonly threshold: number;
  /** Decoding, resizing and normalizing this image. */
  readonly preprocessSeconds: number;
  /** Running the network on the batch that held this image. */
  readonly inferenceSeconds: number;
  /** Waiting for a decoder and for the batch. */
  readonly queueSeconds: number;
  /** Images in that batch. */
  readonly batchSize: number;
  /** Of a large picture that was answered tile by tile. */
  readonly tiles?: TilesSummary;
}

/** How much each part of an image holds up the answer: the change of the logit when that part is greyed out. */
export interface Explanation {
  readonly grid: number;
  /** Logit of the whole image. */
  readonly logit: number;
  /** `logit - logit(part covered)`, row-major, grid x grid; positive parts speak for the positive class. */
  readonly contributions: readonly number[];
  /** What each place adds to the logit; null for networks that do not end in a global average of features. */
  readonly classActivation: ClassActivation | null;
  readonly seconds: number;
}

/** The outcome of the golden example. */
export interface GoldenResult {
  /** `absent`: the model came without one; then one synthetic inference is run instead. */
  readonly status: "passed" | "failed" | "absent";
  readonly logit: number;
  readonly expected: number | null;
}

/** A loaded model. All calls reject with {@link Problem}. */
export interface ServedModel {
  readonly name: string;
  readonly card: ModelCard;
  /** SHA-256 of the ONNX graph, or of all files of the model where there are several. */
  readonly sha256: string;
  readonly loadSeconds: number;
  /** `single`: images would change each other's logits, so each runs alone. */
  readonly batching: "together" | "single";
  predict(image: Uint8Array, signal?: AbortSignal): Promise<Answer>;
  /** Answers for a picture of more than twice the model's input by its tiles; for others as {@link ServedModel.predict}. */
  predictTiled(image: Uint8Array, signal?: AbortSignal): Promise<Answer>;
  /** Logits of `count` images given as raw uint8 RGB pixels of the model's size. */
  infer(pixels: Uint8Array, count: number, signal?: AbortSignal): Promise<readonly number[]>;
  explain(image: Uint8Array, grid: number, signal?: AbortSignal): Promise<Explanation>;
  /** A small JPEG of the image, `edge` pixels at most. */
  thumbnail(image: Uint8Array, edge: number): Promise<Uint8Array>;
  /** Measures of a random sample of the images that it answered for; large pictures cut into tiles are left out. */
  metImages(): Promise<MetSample>;
  verifyGolden(): Promise<GoldenResult>;
  close(): Promise<void>;
}

/** The loaded models by name. The first is the default. Models can be replaced while requests run. */
export class ModelRegistry {
  private readonly models = new Map<string, ServedModel>();

  constructor(models: readonly ServedModel[] = []) {
    for (const model of models) this.set(model);
  }

  /** Adds a model, or puts it in the place of the one with the same name. */
  set(model: ServedModel): void {
    this.models.set(model.name, model);
  }

  /** The named model, or the default one. */
  get(name?: string | null): ServedModel {
    if (name) {
      const model = this.models.get(name);
      if (model) return model;
      throw new Problem("MODEL_NOT_FOUND", `No model of this name is loaded; loaded: ${this.names().join(", ")}.`);
    }
    const [first] = this.models.values();
    if (!first) throw new Problem("MODEL_UNAVAILABLE", "The models are still loading.");
    return first;
  }

  names(): string[] {
    return [...this.models.keys()];
  }

  all(): ServedModel[] {
    return [...this.models.values()];
  }
}
