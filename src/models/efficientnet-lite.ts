/** @module EfficientNet-Lite with a head of one logit. */
import { tf } from "../tensorflow/index";
import { BatchNormalization2D, ClippedActivation } from "./layers/batch-normalization";
import { Convolution2D, DepthwiseConvolution2D } from "./layers/convolution";
import { CounterDropout } from "./layers/counter-dropout";
import { applyLayer } from "./layers/layer";

/** An inverted bottleneck (Sandler et al. 2018). */
export interface InvertedBottleneck {
  /** Edge of the depthwise kernel. */
  readonly kernel: number;
  readonly stride: number;
  /** Inner channels as a multiple of the input channels; 1 for no expansion. */
  readonly expansion: number;
  /** Output channels. */
  readonly filters: number;
}

export interface EfficientNetLiteOptions {
  /** Channels after the first convolution. */
  readonly stem: number;
  readonly blocks: readonly InvertedBottleneck[];
  /** Channels that are averaged for the logit. */
  readonly features: number;
  /** Probability of dropping a feature in training. */
  readonly dropout?: number;
  /** Uses the running statistics of batch normalization in training too. */
  readonly keepStatistics?: boolean;
  /** For the initial weights and the dropout masks. */
  readonly seed?: number;
}

/** For all batch normalizations, as in the pretrained weights. */
const EPSILON = 1e-3;

/**
 * Standardized pixels [n, size, size, 3] to one logit. Layers are named `stem_...`, `block_1_...` and so on, `top_...`.
 * @see Tan and Le 2019 (EfficientNet); Lite has no squeeze and excitation, and ReLU6 instead of Swish
 */
export function efficientNetLite(size: number, options: EfficientNetLiteOptions): tf.LayersModel {
  const { stem, blocks, features, dropout = 0, keepStatistics = false, seed = 0 } = options;
  let convolutions = 0;
  const nextSeed = () => seed * 1024 + ++convolutions;
  const normalize = (name: string, x: tf.SymbolicTensor, relu6: boolean) => {
    const y = applyLayer(
      new BatchNormalization2D({ name: `${name}_norm`, epsilon: EPSILON, relu6, keepStatistics }),
      x,
    );
    return relu6 ? applyLayer(new ClippedActivation({ name: `${name}_relu6` }), y) : y;
  };
  const convolve = (name: string, x: tf.SymbolicTensor, filters: number, relu6 = true, kernelSize = 1, strides = 1) => {
    const layer = new Convolution2D({ name: `${name}_conv`, filters, kernelSize, strides, seed: nextSeed() });
    return normalize(name, applyLayer(layer, x), relu6);
  };
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  let x = convolve("stem", input, stem, true, 3, 2);
  blocks.forEach(({ kernel, stride, expansion, filters }, i) => {
    const own = (part: string) => `block_${i + 1}_${part}`;
    const before = x.shape[3] as number;
    let y = expansion === 1 ? x : convolve(own("expand"), x, before * expansion);
    const depthwise = { name: own("depthwise_conv"), kernelSize: kernel, strides: stride, seed: nextSeed() };
    y = normalize(own("depthwise"), applyLayer(new DepthwiseConvolution2D(depthwise), y), true);
    y = convolve(own("project"), y, filters, false);
    const isResidual = stride === 1 && filters === before;
    x = isResidual ? (tf.layers.add({ name: own("add") }).apply([y, x]) as tf.SymbolicTensor) : y;
  });
  x = convolve("top", x, features);
  x = applyLayer(tf.layers.globalAveragePooling2d({ name: "average" }), x);
  if (dropout > 0) x = applyLayer(new CounterDropout({ rate: dropout, seed: seed * 1024, name: "dropout" }), x);
  const kernelInitializer = tf.initializers.glorotUniform({ seed: seed * 1024 });
  const logit = applyLayer(tf.layers.dense({ units: 1, name: "logit", kernelInitializer }), x);
  return tf.model({ inputs: input, outputs: logit, name: "efficientnet_lite" });
}
