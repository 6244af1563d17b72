/** @module A depthwise convolution without bias and activation, on the project's own operations. Serialized as Keras's. */
import { depthwiseConvolution, tf } from "../../tensorflow/index";
import { normalSeed } from "./initializers";

interface DepthwiseConfig {
  readonly name?: string;
  readonly kernelSize: number;
  readonly strides?: number;
  /** Seed of the initial weights (He et al. 2015). */
  readonly seed?: number;
}

/** Each channel of x [n, h, w, c] convolved with its part of a kernel [k, k, c, 1], padding "same". */
export class DepthwiseConvolution2D extends tf.layers.Layer {
  static readonly className = "DepthwiseConv2D";
  private readonly kernelSize: number;
  private readonly strides: number;
  private readonly seed: number;
  private kernel!: tf.LayerVariable;

  constructor(config: DepthwiseConfig) {
    super(config as unknown as ConstructorParameters<typeof tf.layers.Layer>[0]);
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
    const down = (extent: number | null | undefined) => (extent ? Math.ceil(extent / this.strides) : null);
    return [inputShape[0] ?? null, down(inputShape[1]), down(inputShape[2]), inputShape[3] ?? null];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    return depthwiseConvolution(x, this.kernel.read() as tf.Tensor4D, this.strides);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { kernelSize, strides } = this;
    return {
      ...super.getConfig(),
      kernelSize: [kernelSize, kernelSize],
      strides: [strides, strides],
      padding: "same",
      depthMultiplier: 1,
      dataFormat: "channelsLast",
      dilationRate: [1, 1],
      activation: "linear",
      useBias: false,
    };
  }
}
