/** @module A depthwise convolution without bias and activation, with the project's own operations. Serialized as Keras's. */
import { depthwiseConvolution, tf } from "../../tensorflow/index";
import { convolutionConfig, stridedShape } from "./convolution";
import { normalSeed } from "./initializers";
import { Layer } from "./layer";

interface DepthwiseConfig {
  readonly name?: string;
  readonly kernelSize: number;
  readonly strides?: number;
  /** Seed of the initial weights (He et al. 2015). */
  readonly seed?: number;
}

/** Convolves each channel of x [n, h, w, c] with its part of a kernel [k, k, c, 1], padding "same". */
export class DepthwiseConvolution2D extends Layer {
  static readonly className = "DepthwiseConv2D";
  private readonly kernelSize: number;
  private readonly strides: number;
  private readonly seed: number;
  private kernel!: tf.LayerVariable;

  constructor(config: DepthwiseConfig) {
    super(config);
    this.kernelSize = config.kernelSize;
    this.strides = config.strides ?? 1;
    this.seed = config.seed ?? 0;
  }

  override build(inputShape: tf.Shape): void {
    const deviation = Math.sqrt(2) / this.kernelSize;
    const initializer = tf.initializers.randomNormal({ stddev: deviation, seed: normalSeed(this.seed) });
    const shape = [this.kernelSize, this.kernelSize, inputShape[3] as number, 1];
    this.kernel = this.addWeight("depthwise_kernel", shape, "float32", initializer);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return stridedShape(inputShape, this.strides, inputShape[3] ?? null);
  }

  protected compute(x: tf.Tensor4D): tf.Tensor {
    return depthwiseConvolution(x, this.kernel.read() as tf.Tensor4D, this.strides);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...convolutionConfig(this.kernelSize, this.strides), depthMultiplier: 1 };
  }
}
