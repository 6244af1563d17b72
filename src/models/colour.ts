/** @module Logistic regression on colour and texture: the baseline that a network has to beat. */
import { tf } from "../tensorflow/index";
import { ColourFeatures } from "./layers/colour-features";
import type { ColourFeaturesConfig } from "./layers/colour-levels";

/** Standardized pixels [n, size, size, 3] to one logit, by {@link ColourFeatures} and a dense layer named `logit`. */
export function colourRegression(
  size: number,
  { mean, std }: Pick<ColourFeaturesConfig, "mean" | "std">,
): tf.LayersModel {
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  const features = new ColourFeatures({ mean, std, name: "colour" }).apply(input) as tf.SymbolicTensor;
  const logit = tf.layers.dense({ units: 1, name: "logit" }).apply(features) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: logit, name: "colour" });
}
