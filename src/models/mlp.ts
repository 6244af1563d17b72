/** @module The plain multilayer perceptron, on pixels or on the coordinates of a subspace. */
import { tf } from "../tensorflow/index";
import { BlockDense } from "./layers/block-dense";
import { ColourFeatures } from "./layers/colour-features";
import type { ColourFeaturesConfig } from "./layers/colour-levels";
import { CounterDropout } from "./layers/counter-dropout";
import { SubspaceProjection } from "./layers/subspace-projection";

export type Activation = "relu" | "elu" | "selu" | "tanh" | "sigmoid" | "softplus";
export type Normalization = "none" | "batch" | "layer";

/**
 * Initial weights of the logit reach to 1 / sqrt(inputs + 1), as in PyTorch's linear layers, not to Glorot's sqrt(6) times that:
 * a layer with one output gets such large ones from Glorot's rule that the first epochs go into unlearning random logits.
 */
const LOGIT_GAIN = 1 / Math.sqrt(6);

export interface MlpOptions {
  /** Units of the hidden layers; empty for logistic regression. */
  readonly hidden: readonly number[];
  readonly activation?: Activation;
  readonly normalization?: Normalization;
  /** Probability of a hidden unit to be dropped in training. */
  readonly dropout?: number;
  /** Of the initial weights and the dropout masks. */
  readonly seed?: number;
}

/** An MLP on standardized pixels [n, size, size, 3] with one logit. */
export function mlp(size: number, options: MlpOptions): tf.LayersModel {
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  const flat = tf.layers.flatten({ name: "flatten" }).apply(input) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: perceptron(flat, options), name: "mlp" });
}

/** The same MLP on feature vectors [n, features], such as coordinates in a subspace. */
export function mlpOnFeatures(features: number, options: MlpOptions): tf.LayersModel {
  const input = tf.input({ shape: [features], name: "features" });
  return tf.model({ inputs: input, outputs: perceptron(input, options), name: "mlp_on_features" });
}

/**
 * The same MLP behind a fixed projection of the pixels: the finished model of a subspace run.
 * @param colour where given, {@link ColourFeatures} of the pixels follow the coordinates
 */
export function mlpBehindProjection(
  size: number,
  rank: number,
  options: MlpOptions,
  colour?: Pick<ColourFeaturesConfig, "mean" | "std">,
): tf.LayersModel {
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  const flat = tf.layers.flatten({ name: "flatten" }).apply(input) as tf.SymbolicTensor;
  let features = new SubspaceProjection({ rank, name: "subspace" }).apply(flat) as tf.SymbolicTensor;
  if (colour) {
    const { mean, std } = colour;
    const beside = new ColourFeatures({ mean, std, name: "colour" }).apply(input) as tf.SymbolicTensor;
    features = tf.layers.concatenate({ name: "beside" }).apply([features, beside]) as tf.SymbolicTensor;
  }
  return tf.model({ inputs: input, outputs: perceptron(features, options), name: "mlp" });
}

function perceptron(input: tf.SymbolicTensor, options: MlpOptions): tf.SymbolicTensor {
  const { hidden, activation = "relu", normalization = "none", dropout = 0, seed = 0 } = options;
  let x = input;
  hidden.forEach((units, i) => {
    const at = i + 1;
    const layer = { units, name: `dense_${at}`, seed: seed * 64 + at, inputGradient: i > 0 };
    x = new BlockDense(layer).apply(x) as tf.SymbolicTensor;
    if (normalization === "batch")
      x = tf.layers.batchNormalization({ name: `norm_${at}` }).apply(x) as tf.SymbolicTensor;
    if (normalization === "layer")
      x = tf.layers.layerNormalization({ name: `norm_${at}` }).apply(x) as tf.SymbolicTensor;
    x = tf.layers.activation({ activation, name: `${activation}_${at}` }).apply(x) as tf.SymbolicTensor;
    if (dropout > 0) {
      const layer = new CounterDropout({ rate: dropout, seed: seed * 64 + at, name: `dropout_${at}` });
      x = layer.apply(x) as tf.SymbolicTensor;
    }
  });
  const inputGradient = hidden.length > 0;
  const logit = { units: 1, name: "logit", seed: seed * 64, initialGain: LOGIT_GAIN, inputGradient };
  return new BlockDense(logit).apply(x) as tf.SymbolicTensor;
}

/** The architecture for people: `150528-2352-2352-294-1`. */
export function architectureOf(inputs: number, hidden: readonly number[]): string {
  return [inputs, ...hidden, 1].join("-");
}
