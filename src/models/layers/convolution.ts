/**
 * @module A convolution without bias and activation. tfjs's own layer always computes the gradient of its input, even for the
 * pixels, which takes a tenth of a training step. Serialized as Keras's Conv2D.
 */
import { tf } from "../../tensorflow/index";
import { normalSeed } from "./initializers";
import { Layer } from "./layer";

interface ConvolutionConfig {
  readonly name?: string;
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides?: number;
  /** Seed of the initial weights (He et al. 2015). */
  readonly seed?: number;
}

/** y = x * K for x [n, h, w, in], kernel K [k, k, in, filters], padding "same". */
export class Convolution2D extends Layer {
  static readonly className = "Conv2D";
  private readonly filters: number;
  private readonly kernelSize: number;
  private readonly strides: number;
  private readonly seed: number;
  private kernel!: tf.LayerVariable;

  constructor(config: ConvolutionConfig) {
    super(config);
    this.filters = config.filters;
    this.kernelSize = config.kernelSize;
    this.strides = config.strides ?? 1;
    this.seed = config.seed ?? 0;
  }

  override build(inputShape: tf.Shape): void {
    const channels = inputShape[3] as number;
    const initializer = tf.initializers.heNormal({ seed: normalSeed(this.seed) });
    const shape = [this.kernelSize, this.kernelSize, channels, this.filters];
    this.kernel = this.addWeight("kernel", shape, "float32", initializer);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return stridedShape(inputShape, this.strides, this.filters);
  }

  protected compute(x: tf.Tensor4D): tf.Tensor {
    const kernel = this.kernel.read() as tf.Tensor4D;
    if (this.kernelSize !== 1 || this.strides !== 1) return tf.conv2d(x, kernel, this.strides, "same");
    // The gradients of a matrix product are matrix products too, which are faster than those of convolutions.
    const [n, height, width, channels] = x.shape;
    const product = tf.matMul(
      tf.reshape(x, [-1, channels]),
      tf.reshape(kernel, [channels, this.filters]) as tf.Tensor2D,
    );
    return tf.reshape(product, [n, height, width, this.filters]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...convolutionConfig(this.kernelSize, this.strides), filters: this.filters };
  }
}

/** The output shape of a convolution with padding "same". */
export function stridedShape(inputShape: tf.Shape, strides: number, filters: number | null): tf.Shape {
  const strided = (extent: number | null | undefined) => (extent ? Math.ceil(extent / strides) : null);
  return [inputShape[0] ?? null, strided(inputShape[1]), strided(inputShape[2]), filters];
}

/** Keras's configuration of a convolution without bias and activation. */
export function convolutionConfig(kernelSize: number, strides: number): tf.serialization.ConfigDict {
  return {
    kernelSize: [kernelSize, kernelSize],
    strides: [strides, strides],
    padding: "same",
    dataFormat: "channelsLast",
    dilationRate: [1, 1],
    activation: "linear",
    useBias: false,
  };
}
