/** @module Converts a model's raw outputs to logits and predictions. */
import type { ModelCard } from "../model-directory/index";
import type { ImageAssessment } from "./warnings";

/** A model's answer for one image. */
export interface Prediction extends Omit<ImageAssessment, "features"> {
  /** Log-odds of the positive class. */
  readonly logit: number;
  /** Probability of the positive class. */
  readonly probability: number;
  readonly predictedClass: string;
  /** Smallest probability for which the positive class is predicted. */
  readonly threshold: number;
  /** Time for decoding, resizing and normalizing this image. */
  readonly preprocessSeconds: number;
  /** Time of the network. For an image in a batch, its share of the time of the batch. */
  readonly inferenceSeconds: number;
}

/** Smallest distance of a probability from 0 and 1 when it is converted to a logit. */
const PROBABILITY_MARGIN = 1e-7;

/** Smallest normal float32, for probabilities that come in pairs. */
const LEAST_PROBABILITY = 2 ** -126;

/** Logits of the positive class, one per image. */
export function logitsOf(output: Float32Array, kind: ModelCard["output"]["kind"]): Float32Array {
  if (kind === "logit") return output;
  if (kind === "probability") {
    return output.map((probability) => {
      const inside = Math.min(1 - PROBABILITY_MARGIN, Math.max(PROBABILITY_MARGIN, probability));
      return Math.log(inside / (1 - inside));
    });
  }
  const value = (p: number) => (kind === "logits2" ? p : Math.log(Math.max(LEAST_PROBABILITY, p)));
  return Float32Array.from(
    { length: output.length / 2 },
    (_, i) => value(output[2 * i + 1] as number) - value(output[2 * i] as number),
  );
}
