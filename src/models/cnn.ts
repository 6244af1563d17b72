/** @module A compact convolutional network, trained from scratch. */
import { tf } from "../tensorflow/index";
import { BatchNormalization2D } from "./layers/batch-normalization";
import { Convolution2D } from "./layers/convolution";
import { CounterDropout } from "./layers/counter-dropout";

interface CnnOptions {
  /** Channels of the blocks; each halves the resolution, the first quarters that of large tiles. */
  readonly channels?: readonly number[];
  /** Probability of a pooled feature to be dropped in training. */
  readonly dropout?: number;
  /** Of the initial weights and the dropout masks. */
  readonly seed?: number;
}

const DEFAULT_CHANNELS: readonly number[] = [16, 32, 64, 96, 128];

/**
 * Standardized pixels [n, size, size, 3] to one logit. Each block is a 3 x 3 convolution, 2 x 2 max pooling, batch
 * normalization and ReLU (Simonyan and Zisserman 2015, with normalization); pooling goes first, so that the others have a
 * quarter of the work. The first convolution is 4 x 4, with stride 2 for tiles of 128 pixels or more. Blocks that would leave
 * less than one pixel are left out. Global average pooling at the end makes the logit independent of where something is.
 */
export function cnn(size: number, options: CnnOptions = {}): tf.LayersModel {
  const { channels = DEFAULT_CHANNELS, dropout = 0, seed = 0 } = options;
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  let x: tf.SymbolicTensor = input;
  let extent = size;
  channels.forEach((filters, i) => {
    const strides = i === 0 && size >= 128 ? 2 : 1;
    if (extent < 2 * strides) return;
    const at = i + 1;
    const kernelSize = i === 0 ? 4 : 3;
    const convolution = { filters, kernelSize, strides, seed: seed * 64 + at, name: `conv_${at}` };
    x = new Convolution2D(convolution).apply(x) as tf.SymbolicTensor;
    x = tf.layers.maxPooling2d({ poolSize: 2, strides: 2, name: `pool_${at}` }).apply(x) as tf.SymbolicTensor;
    x = new BatchNormalization2D({ name: `norm_${at}` }).apply(x) as tf.SymbolicTensor;
    x = tf.layers.activation({ activation: "relu", name: `relu_${at}` }).apply(x) as tf.SymbolicTensor;
    extent = Math.floor(Math.ceil(extent / strides) / 2);
  });
  x = tf.layers.globalAveragePooling2d({ name: "average" }).apply(x) as tf.SymbolicTensor;
  if (dropout > 0) {
    x = new CounterDropout({ rate: dropout, seed: seed * 64, name: "dropout" }).apply(x) as tf.SymbolicTensor;
  }
  const kernelInitializer = tf.initializers.glorotUniform({ seed: seed * 64 });
  const logit = tf.layers.dense({ units: 1, name: "logit", kernelInitializer }).apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: logit, name: "cnn" });
}
