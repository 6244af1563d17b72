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
abstract class Convolution<Own extends object> extends Layer<Own> {
  protected readonly kernelSize: number;
  protected readonly strides: number;
  protected readonly seed: number;
  protected kernel!: tf.LayerVariable;

  /** @param own what the topology tells of this kind of convolution beside what it tells of all */
  constructor({ kernelSize, strides = 1, seed = 0, ...config }: ConvolutionConfig, own: Own) {
    const common = { padding: "same", dataFormat: "channelsLast", dilationRate: [1, 1] } as const;
    const sizes = { kernelSize: [kernelSize, kernelSize], strides: [strides, strides] };
    super(config, { ...sizes, ...common, activation: "linear", useBias: false, ...own });
    this.kernelSize = kernelSize;
    this.strides = strides;
    this.seed = normalSeed(seed);
  }

  override computeOutputShape([n = null, height, width, channels = null]: tf.Shape): tf.Shape {
    const strided = (extent: number | null | undefined) => (extent ? Math.ceil(extent / this.strides) : null);
    return [n, strided(height), strided(width), channels];
  }
}

/** y = x * K for x [n, h, w, in], kernel K [k, k, in, filters]. */
export class Convolution2D extends Convolution<{ readonly filters: number }> {
  static readonly className = "Conv2D";

  constructor({ filters, ...config }: ConvolutionConfig & { readonly filters: number }) {
    super(config, { filters });
  }

  override build(inputShape: tf.Shape): void {
    const initializer = tf.initializers.heNormal({ seed: this.seed });
    const shape = [this.kernelSize, this.kernelSize, inputShape[3] as number, this.settings.filters];
    this.kernel = this.addWeight("kernel", shape, "float32", initializer);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [...super.computeOutputShape(inputShape).slice(0, 3), this.settings.filters];
  }

  protected compute(x: tf.Tensor4D): tf.Tensor {
    const kernel = this.kernel.read() as tf.Tensor4D;
    const { filters } = this.settings;
    if (this.kernelSize !== 1 || this.strides !== 1) return tf.conv2d(x, kernel, this.strides, "same");
    // The gradients of a matrix product are matrix products too, which are faster than those of convolutions.
    const [n, height, width, channels] = x.shape;
    const weights: tf.Tensor2D = tf.reshape(kernel, [channels, filters]);
    const product = tf.matMul(tf.reshape(x, [-1, channels]), weights);
    return tf.reshape(product, [n, height, width, filters]);
  }
}

/** Convolves each channel of x [n, h, w, c] with its part of a kernel [k, k, c, 1], by the project's own operations. */
export class DepthwiseConvolution2D extends Convolution<{ readonly depthMultiplier: 1 }> {
  static readonly className = "DepthwiseConv2D";

  constructor(config: ConvolutionConfig) {
    super(config, { depthMultiplier: 1 });
  }

  override build(inputShape: tf.Shape): void {
    const initializer = tf.initializers.randomNormal({ stddev: Math.sqrt(2) / this.kernelSize, seed: this.seed });
    const shape = [this.kernelSize, this.kernelSize, inputShape[3] as number, 1];
    this.kernel = this.addWeight("depthwise_kernel", shape, "float32", initializer);
    super.build(inputShape);
  }

  protected compute(x: tf.Tensor4D): tf.Tensor {
    return depthwiseConvolution(x, this.kernel.read() as tf.Tensor4D, this.strides);
  }
}
