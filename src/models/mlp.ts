/** @module The multilayer perceptron, on pixels, on the coordinates of a subspace or, without hidden layers, on colour features. */
import { tf } from "../tensorflow/index";
import { BlockDense } from "./layers/block-dense";
import type { ColourFeaturesConfig } from "./layers/colour-measures";
import { CounterDropout } from "./layers/counter-dropout";
import { ColourFeatures, SubspaceProjection } from "./layers/frozen";
import { applyLayer } from "./layers/layer";

type Activation = "relu" | "elu" | "selu" | "tanh" | "sigmoid" | "softplus";
type Normalization = "none" | "batch" | "layer";

/**
 * The initial weights of the logit are up to 1 / sqrt(inputs + 1), as in PyTorch's linear layers. Glorot's rule allows sqrt(6)
 * times as much for a layer with one output, and the first epochs would only unlearn random logits.
 */
const LOGIT_GAIN = 1 / Math.sqrt(6);
/** Decay of running statistics. With Keras's 0.99 they would still be mostly their initial values after an epoch of 30 batches. */
const STATISTICS_DECAY = 0.9;

export interface MlpOptions {
  /** Units of the hidden layers; empty for logistic regression. */
  readonly hidden: readonly number[];
  readonly activation?: Activation;
  readonly normalization?: Normalization;
  /** Probability of dropping a hidden unit in training. */
  readonly dropout?: number;
  /** For the initial weights and the dropout masks. */
  readonly seed?: number;
}

/** An MLP on standardized pixels [n, size, size, 3] with one logit. */
export function mlp(size: number, options: MlpOptions): tf.LayersModel {
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  const flat = applyLayer(tf.layers.flatten({ name: "flatten" }), input);
  return tf.model({ inputs: input, outputs: perceptron(flat, options), name: "mlp" });
}

/** The same MLP on feature vectors [n, features], such as coordinates in a subspace. */
export function mlpOnFeatures(features: number, options: MlpOptions): tf.LayersModel {
  const input = tf.input({ shape: [features], name: "features" });
  return tf.model({ inputs: input, outputs: perceptron(input, options), name: "mlp_on_features" });
}

/** The same MLP after a fixed projection of the pixels. @param colour adds {@link ColourFeatures} of the pixels to the coordinates */
export function mlpBehindProjection(
  size: number,
  rank: number,
  options: MlpOptions,
  colour?: Pick<ColourFeaturesConfig, "mean" | "std">,
): tf.LayersModel {
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  const flat = applyLayer(tf.layers.flatten({ name: "flatten" }), input);
  let features = applyLayer(new SubspaceProjection({ rank, name: "subspace" }), flat);
  if (colour) {
    const { mean, std } = colour;
    const extra = applyLayer(new ColourFeatures({ mean, std, name: "colour" }), input);
    features = tf.layers.concatenate({ name: "beside" }).apply([features, extra]) as tf.SymbolicTensor;
  }
  return tf.model({ inputs: input, outputs: perceptron(features, options), name: "mlp" });
}

function perceptron(input: tf.SymbolicTensor, options: MlpOptions): tf.SymbolicTensor {
  const { hidden, activation = "relu", normalization = "none", dropout = 0, seed = 0 } = options;
  let x = input;
  hidden.forEach((units, i) => {
    const at = i + 1;
    const layer = { units, name: `dense_${at}`, seed: seed * 64 + at, inputGradient: i > 0 };
    x = applyLayer(new BlockDense(layer), x);
    const running = { momentum: STATISTICS_DECAY, name: `norm_${at}` };
    if (normalization === "batch") x = applyLayer(tf.layers.batchNormalization(running), x);
    if (normalization === "layer") x = applyLayer(tf.layers.layerNormalization({ name: `norm_${at}` }), x);
    x = applyLayer(tf.layers.activation({ activation, name: `${activation}_${at}` }), x);
    const mask = { rate: dropout, seed: seed * 64 + at, name: `dropout_${at}` };
    if (dropout > 0) x = applyLayer(new CounterDropout(mask), x);
  });
  const inputGradient = hidden.length > 0;
  const logit = { units: 1, name: "logit", seed: seed * 64, initialGain: LOGIT_GAIN, inputGradient };
  return applyLayer(new BlockDense(logit), x);
}

/** The architecture as text: `150528-2352-2352-294-1`. */
export function architectureOf(inputs: number, hidden: readonly number[]): string {
  return [inputs, ...hidden, 1].join("-");
}

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
