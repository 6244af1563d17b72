/** @module The predictor's interface for serving, with separate decoding and inference, so that batches can form. */
import type { ClassActivation, PreprocessedImage } from "../../../src/inference/index";
import type { ModelCard } from "../../../src/model-directory/index";
import type { TiledPrediction } from "../../../src/slide/index";
import type { GoldenResult } from "./served-model";

/** A loaded model. */
export interface InferenceBackend {
  readonly card: ModelCard;
  readonly sha256: string;
  readonly loadSeconds: number;
  /** `single`: images in a batch would affect each other's logits, so each runs alone. */
  readonly batching: "together" | "single";
  /**
   * Decodes image bytes to pixels of the model's size, with warnings.
   * @param alone no other request is waiting, so that blocking the thread is allowed
   */
  decode(image: Uint8Array, alone: boolean): Promise<PreprocessedImage>;
  /** Logits of a batch of decoded images. */
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
