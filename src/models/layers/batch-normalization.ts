/**
 * @module Batch normalization for image batches that trains on fused operations. Serialized under Keras's name with
 * Keras's weights (gamma, beta, moving_mean, moving_variance), so that any Keras reader understands it.
 */
import { batchNormInTraining, tf } from "../../tensorflow/index";

interface BatchNormalizationConfig {
  readonly name?: string;
  /** Decay of the running statistics. */
  readonly momentum?: number;
  readonly epsilon?: number;
}

/** y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over x [n, h, w, c], by channel. */
export class BatchNormalization2D extends tf.layers.Layer {
  static readonly className = "BatchNormalization";
  private readonly momentum: number;
  private readonly epsilon: number;
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;
  private movingMean!: tf.LayerVariable;
  private movingVariance!: tf.LayerVariable;

  constructor(config: BatchNormalizationConfig = {}) {
    super(config as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.momentum = config.momentum ?? 0.9;
    this.epsilon = config.epsilon ?? 1e-3;
  }

  override build(inputShape: tf.Shape): void {
    const shape = [inputShape[inputShape.length - 1] as number];
    const { ones, zeros } = tf.initializers;
    this.gamma = this.addWeight("gamma", shape, "float32", ones());
    this.beta = this.addWeight("beta", shape, "float32", zeros());
    this.movingMean = this.addWeight("moving_mean", shape, "float32", zeros(), undefined, false);
    this.movingVariance = this.addWeight("moving_variance", shape, "float32", ones(), undefined, false);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    const gamma = this.gamma.read() as tf.Tensor1D;
    const beta = this.beta.read() as tf.Tensor1D;
    if (!kwargs.training) {
      const mean = this.movingMean.read() as tf.Tensor1D;
      return tf.batchNorm4d(x, mean, this.movingVariance.read() as tf.Tensor1D, beta, gamma, this.epsilon);
    }
    const { y, mean, variance } = batchNormInTraining(x, gamma, beta, this.epsilon);
    this.moveTowards(this.movingMean, mean);
    this.moveTowards(this.movingVariance, variance);
    tf.dispose([mean, variance]);
    return y;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), axis: -1, momentum: this.momentum, epsilon: this.epsilon };
  }

  private moveTowards(average: tf.LayerVariable, value: tf.Tensor): void {
    tf.tidy(() => {
      const before = average.read();
      average.write(tf.add(before, tf.mul(tf.sub(value, before), 1 - this.momentum)));
    });
  }
}
