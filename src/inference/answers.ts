/** @module From a model's raw outputs to logits and predictions. */
import type { ModelCard } from "../model-directory/index";
import type { Oddity } from "./warnings";

/** What a model says about one image. */
export interface Prediction extends Oddity {
  /** Log-odds of the positive class. */
  readonly logit: number;
  /** Probability of the positive class. */
  readonly probability: number;
  readonly predictedClass: string;
  /** Probability from which on the positive class is predicted. */
  readonly threshold: number;
  /** Decoding, resizing and normalizing this image, in seconds. */
  readonly preprocessSeconds: number;
  /** The network, in seconds; for an image of a batch its share of the batch's time. */
  readonly inferenceSeconds: number;
}

/** Probabilities are kept this far from 0 and 1 when they are turned into logits. */
const PROBABILITY_MARGIN = 1e-7;

/** Logits of the positive class from a graph's output, one per image. */
export function logitsOf(output: Float32Array, kind: ModelCard["output"]["kind"]): Float32Array {
  if (kind === "logit") return output;
  if (kind === "probability") {
    return output.map((probability) => {
      const inside = Math.min(1 - PROBABILITY_MARGIN, Math.max(PROBABILITY_MARGIN, probability));
      return Math.log(inside / (1 - inside));
    });
  }
  return Float32Array.from({ length: output.length / 2 }, (_, i) => output[2 * i + 1]! - output[2 * i]!);
}
