/**
 * @module Convolutions without bias and activation, serialized as Keras's. tfjs's own layer always computes the gradient of its
 * input, even for the pixels, which takes a tenth of a training step.
 */
import { depthwiseConvolution, tf } from "../../tensorflow/index";
import { Layer, normalSeed } from "./layer";

interface ConvolutionConfig {
  readonly name?: string;
  readonly kernelSize: number;
  readonly strides?: number;
  /** Seed of the initial weights (He et al. 2015). */
  readonly seed?: number;
}

/** A convolution with a square kernel and padding "same". */
abstract class Convolution extends Layer {
  protected readonly kernelSize: number;
  protected readonly strides: number;
  protected readonly seed: number;
  protected kernel!: tf.LayerVariable;

  constructor(config: ConvolutionConfig) {
    super(config);
    this.kernelSize = config.kernelSize;
    this.strides = config.strides ?? 1;
    this.seed = normalSeed(config.seed ?? 0);
  }

  override computeOutputShape([n = null, height, width, channels = null]: tf.Shape): tf.Shape {
    const strided = (extent: number | null | undefined) => (extent ? Math.ceil(extent / this.strides) : null);
    return [n, strided(height), strided(width), channels];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      kernelSize: [this.kernelSize, this.kernelSize],
      strides: [this.strides, this.strides],
      padding: "same",
      dataFormat: "channelsLast",
      dilationRate: [1, 1],
      activation: "linear",
      useBias: false,
    };
  }
}

/** y = x * K for x [n, h, w, in], kernel K [k, k, in, filters]. */
export class Convolution2D extends Convolution {
  static readonly className = "Conv2D";
  private readonly filters: number;

  constructor(config: ConvolutionConfig & { readonly filters: number }) {
    super(config);
    this.filters = config.filters;
  }

  override build(inputShape: tf.Shape): void {
    const initializer = tf.initializers.heNormal({ seed: this.seed });
    const shape = [this.kernelSize, this.kernelSize, inputShape[3] as number, this.filters];
    this.kernel = this.addWeight("kernel", shape, "float32", initializer);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [...super.computeOutputShape(inputShape).slice(0, 3), this.filters];
  }

  protected compute(x: tf.Tensor4D): tf.Tensor {
    const kernel = this.kernel.read() as tf.Tensor4D;
    if (this.kernelSize !== 1 || this.strides !== 1) return tf.conv2d(x, kernel, this.strides, "same");
    // The gradients of a matrix product are matrix products too, which are faster than those of convolutions.
    const [n, height, width, channels] = x.shape;
    const weights: tf.Tensor2D = tf.reshape(kernel, [channels, this.filters]);
    const product = tf.matMul(tf.reshape(x, [-1, channels]), weights);
    return tf.reshape(product, [n, height, width, this.filters]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), filters: this.filters };
  }
}

/** Convolves each channel of x [n, h, w, c] with its part of a kernel [k, k, c, 1], by the project's own operations. */
export class DepthwiseConvolution2D extends Convolution {
  static readonly className = "DepthwiseConv2D";

  override build(inputShape: tf.Shape): void {
    const initializer = tf.initializers.randomNormal({ stddev: Math.sqrt(2) / this.kernelSize, seed: this.seed });
    const shape = [this.kernelSize, this.kernelSize, inputShape[3] as number, 1];
    this.kernel = this.addWeight("depthwise_kernel", shape, "float32", initializer);
    super.build(inputShape);
  }

  protected compute(x: tf.Tensor4D): tf.Tensor {
    return depthwiseConvolution(x, this.kernel.read() as tf.Tensor4D, this.strides);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), depthMultiplier: 1 };
  }
}
