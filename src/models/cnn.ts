/** @module A compact convolutional network, trained from scratch. */
import { tf } from "../tensorflow/index";
import { BatchNormalization2D } from "./layers/batch-normalization";
import { Convolution2D } from "./layers/convolution";
import { CounterDropout } from "./layers/counter-dropout";
import { applyLayer } from "./layers/layer";

interface CnnOptions {
  /** Channels of the blocks. Each block halves the resolution; for large tiles the first one quarters it. */
  readonly channels?: readonly number[];
  /** Probability of dropping a pooled feature in training. */
  readonly dropout?: number;
  /** For the initial weights and the dropout masks. */
  readonly seed?: number;
}

const DEFAULT_CHANNELS: readonly number[] = [16, 32, 64, 96, 128];

/**
 * Standardized pixels [n, size, size, 3] to one logit. Each block is a 3 x 3 convolution (the first 4 x 4, with stride 2 from 128 pixels
 * on), 2 x 2 max pooling, which leaves the rest a quarter of the work, batch normalization and ReLU (Simonyan and Zisserman 2015, with
 * normalization). Blocks that would leave less than one pixel are omitted.
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
    x = applyLayer(new Convolution2D(convolution), x);
    x = applyLayer(tf.layers.maxPooling2d({ poolSize: 2, strides: 2, name: `pool_${at}` }), x);
    x = applyLayer(new BatchNormalization2D({ name: `norm_${at}` }), x);
    x = applyLayer(tf.layers.activation({ activation: "relu", name: `relu_${at}` }), x);
    extent = Math.floor(Math.ceil(extent / strides) / 2);
  });
  x = applyLayer(tf.layers.globalAveragePooling2d({ name: "average" }), x);
  if (dropout > 0) x = applyLayer(new CounterDropout({ rate: dropout, seed: seed * 64, name: "dropout" }), x);
  const kernelInitializer = tf.initializers.glorotUniform({ seed: seed * 64 });
  const logit = applyLayer(tf.layers.dense({ units: 1, name: "logit", kernelInitializer }), x);
  return tf.model({ inputs: input, outputs: logit, name: "cnn" });
}
