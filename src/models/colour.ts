/** @module Logistic regression on colour and texture: the baseline that a network must beat. */
import { tf } from "../tensorflow/index";
import { ColourFeatures } from "./layers/colour-features";
import type { ColourFeaturesConfig } from "./layers/colour-measures";
import { applyLayer } from "./layers/layer";

/** Standardized pixels [n, size, size, 3] to one logit: {@link ColourFeatures} and a dense layer named `logit`. */
export function colourRegression(
  size: number,
  { mean, std }: Pick<ColourFeaturesConfig, "mean" | "std">,
): tf.LayersModel {
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  const features = applyLayer(new ColourFeatures({ mean, std, name: "colour" }), input);
  const logit = applyLayer(tf.layers.dense({ units: 1, name: "logit" }), features);
  return tf.model({ inputs: input, outputs: logit, name: "colour" });
}
