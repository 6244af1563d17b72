/** @module What is odd about a prediction: the one place where its warnings are made, for commands, server and Lambda alike. */
import { type Familiarity, glanceAt, inDistribution, isUnlikeTraining, lookOf } from "../familiar/index";
import type { PreparedImage } from "../image/index";
import { type ImageWarning, WARNING_TEXTS } from "../image/index";

/** A stable code; `warnings` of an answer holds them. */
export type PredictionWarning = ImageWarning | "blank" | "no-tissue" | "unlike-training";

/** What each warning means and what to do, as the end of a sentence that begins with the image's name. */
export const PREDICTION_WARNING_TEXTS: Readonly<Record<PredictionWarning, string>> = {
  ...WARNING_TEXTS,
  blank: "has one brightness all over; its answer means nothing",
  "no-tissue": "has hardly any coloured pixels, so probably no tissue; its answer means nothing",
  "unlike-training":
    "looks unlike the tiles that the model was trained on, more than 95 % of such tiles do; do not rely on its answer",
};

/** What was found odd about an image. */
export interface Oddity {
  /** Share of tiles like the training tiles that look at least as unusual, 0 to 1; null where the model does not know. */
  readonly inDistribution: number | null;
  readonly warnings: readonly PredictionWarning[];
}

/** Luminance of a blank image deviates by less than this, 0 to 255. */
const BLANK_CONTRAST = 4;
/** An image with a smaller share of coloured pixels shows no tissue. */
const LEAST_TISSUE = 0.01;

/** What is odd about an image, and what it was measured by. */
interface Seen extends Oddity {
  /** Of its `Look`, where the model knows what its training tiles looked like. */
  readonly features?: Float32Array;
}

/** Looks at an image as the network will see it. @param familiarity of the model, where it has one */
export function oddityOf(
  { pixels, warnings }: Pick<PreparedImage, "pixels" | "warnings">,
  size: number,
  familiarity: Familiarity | undefined,
): Seen {
  const look = familiarity && lookOf(pixels, size);
  const score = familiarity && look ? inDistribution(familiarity, look) : null;
  const { contrast, tissue } = look ?? glanceAt(pixels, size);
  const isBlank = contrast < BLANK_CONTRAST;
  // Where training tiles are grey themselves, grey is no sign of anything.
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
