/** @module The part of a predictor that serving needs, with decoding and running apart so that batches can form between. */
import type { ClassActivation, PreprocessedImage } from "../../../src/inference/index";
import type { ModelCard } from "../../../src/model-directory/index";
import type { TiledPrediction } from "../../../src/slide/index";
import type { GoldenResult } from "./served-model";

/** A loaded model, ready to run. */
export interface InferenceBackend {
  readonly card: ModelCard;
  readonly sha256: string;
  readonly loadSeconds: number;
  /** `single`: images would change each other's logits, so each runs alone. */
  readonly batching: "together" | "single";
  /**
   * Image bytes to pixels of the model's size, and what is odd about them.
   * @param alone nothing else is waiting, so the work may be done where it is fastest
   */
  decode(image: Uint8Array, alone: boolean): Promise<PreprocessedImage>;
  /** Logits of a batch of decoded images. */
  run(pixels: readonly Uint8Array[]): Promise<number[]>;
  /**
   * Answers for a large picture by its tiles; undefined for one that is not large.
   * @param run gives the logits of tiles
   */
  predictTiled(
    image: Uint8Array,
    run: (pixels: readonly Uint8Array[]) => Promise<readonly number[]>,
  ): Promise<TiledPrediction | undefined>;
  /** What each place of a decoded image adds to the logit; undefined for networks that do not tell. */
  classActivation(pixels: Uint8Array): Promise<ClassActivation | undefined>;
  thumbnail(image: Uint8Array, edge: number): Promise<Uint8Array>;
  verifyGolden(): Promise<GoldenResult>;
  close(): Promise<void>;
}
