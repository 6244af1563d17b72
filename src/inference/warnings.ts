/** @module What is odd about a prediction: the one place where its warnings are made, for commands, server and Lambda alike. */
import type { PreparedImage } from "../image/index";
import { type ImageWarning, WARNING_TEXTS } from "../image/index";

/** A stable code; `warnings` of an answer holds them. */
export type PredictionWarning = ImageWarning;

/** What each warning means and what to do, as the end of a sentence that begins with the image's name. */
export const PREDICTION_WARNING_TEXTS: Readonly<Record<PredictionWarning, string>> = WARNING_TEXTS;

/** The warnings of a prediction for an image; none in most cases. */
export function predictionWarnings({ warnings }: PreparedImage): readonly PredictionWarning[] {
  return warnings;
}
