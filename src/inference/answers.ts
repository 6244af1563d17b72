/** @module Converts a model's raw outputs to logits, predictions and warnings. */
import { type Familiarity, glanceAt, inDistribution, isUnlikeTraining, lookOf } from "../familiar/index";
import { type ImageWarning, type PreparedImage, WARNING_TEXTS } from "../image/index";
import type { Decision } from "../logits/index";
import type { ModelCard } from "../model-directory/index";

export interface Prediction extends Decision, Omit<ImageAssessment, "features"> {
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

/** A stable code in `warnings` of an answer. */
export type PredictionWarning = ImageWarning | "blank" | "no-tissue" | "unlike-training";

/** The meaning of each warning, as the end of a sentence that begins with the name of the image. */
export const PREDICTION_WARNING_TEXTS: Readonly<Record<PredictionWarning, string>> = {
  ...WARNING_TEXTS,
  blank: "has one brightness all over; its answer means nothing",
  "no-tissue": "has hardly any coloured pixels, so probably no tissue; its answer means nothing",
  "unlike-training":
    "looks less like the tiles that the model was trained on than 95 % of these do; do not rely on its answer",
};

/** The comparison of an image with the training tiles. */
export interface ImageAssessment {
  /** Share of images like the training tiles that look at least as unusual, 0 to 1. Null if the model has no statistics. */
  readonly inDistribution: number | null;
  readonly warnings: readonly PredictionWarning[];
  /** Features of its `Look`. Missing if the model has no statistics of its training tiles. */
  readonly features?: Float32Array;
}

/** Smallest standard deviation of the luminance, 0 to 255, of an image that is not blank. */
const BLANK_CONTRAST = 4;
/** Smallest share of coloured pixels in an image that shows tissue. */
const LEAST_TISSUE = 0.01;

/** Assesses a preprocessed image. @param familiarity the model's statistics of its training tiles */
export function assessImage(
  { pixels, warnings }: Pick<PreparedImage, "pixels" | "warnings">,
  size: number,
  familiarity: Familiarity | undefined,
): ImageAssessment {
  const look = familiarity && lookOf(pixels, size);
  const score = familiarity && look ? inDistribution(familiarity, look) : null;
  const { contrast, tissue } = look ?? glanceAt(pixels, size);
  const isBlank = contrast < BLANK_CONTRAST;
  // If the training tiles are grey too, a grey image is not unusual.
  const isEmpty = tissue < LEAST_TISSUE && (familiarity?.tissue ?? 1) >= LEAST_TISSUE;
  const isUnlike = score !== null && isUnlikeTraining(score);
  return {
    ...(look && { features: look.features }),
    inDistribution: score,
    warnings: [
      ...warnings,
      ...(isBlank ? (["blank"] as const) : []),
      ...(isEmpty ? (["no-tissue"] as const) : []),
      ...(isUnlike ? (["unlike-training"] as const) : []),
    ],
  };
}
