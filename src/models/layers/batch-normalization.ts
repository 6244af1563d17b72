/**
 * @module Batch normalization for image batches that trains on fused operations. Serialized under Keras's name with
 * Keras's weights (gamma, beta, moving_mean, moving_variance), so that any Keras reader understands it.
 */
import { batchNormByStatistics, batchNormInTraining, tf } from "../../tensorflow/index";

interface BatchNormalizationConfig {
  readonly name?: string;
  /** Decay of the running statistics. */
  readonly momentum?: number;
  readonly epsilon?: number;
  /**
   * Clip the result to 0 to 6 in the same pass over memory. It is not written into the topology: {@link ClippedActivation}
   * has to follow.
   */
  readonly relu6?: boolean;
  /** Normalize by the running statistics in training too, and leave them as they are. So does a layer that is not trained. */
  readonly keepStatistics?: boolean;
}

/** y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over x [n, h, w, c], by channel. */
export class BatchNormalization2D extends tf.layers.Layer {
  static readonly className = "BatchNormalization";
  private readonly momentum: number;
  private readonly options: { readonly epsilon: number; readonly relu6: boolean };
  private readonly keepStatistics: boolean;
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;
  private movingMean!: tf.LayerVariable;
  private movingVariance!: tf.LayerVariable;

  constructor(config: BatchNormalizationConfig = {}) {
    super(config as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.momentum = config.momentum ?? 0.9;
    this.options = { epsilon: config.epsilon ?? 1e-3, relu6: config.relu6 ?? false };
    this.keepStatistics = config.keepStatistics ?? false;
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
    if (!kwargs.training || !this.trainable || this.keepStatistics) {
      const statistics = [this.movingMean.read(), this.movingVariance.read()] as [tf.Tensor1D, tf.Tensor1D];
      return batchNormByStatistics(x, gamma, beta, statistics, this.options);
    }
    const { y, mean, variance } = batchNormInTraining(x, gamma, beta, this.options);
    this.moveTowards(this.movingMean, mean);
    this.moveTowards(this.movingVariance, variance);
    tf.dispose([mean, variance]);
    return y;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), axis: -1, momentum: this.momentum, epsilon: this.options.epsilon };
  }

  private moveTowards(average: tf.LayerVariable, value: tf.Tensor): void {
    tf.tidy(() => {
      const before = average.read();
      average.write(tf.add(before, tf.mul(tf.sub(value, before), 1 - this.momentum)));
    });
  }
}

/** ReLU6 behind a {@link BatchNormalization2D} that has clipped already: what other readers of the topology apply. */
export class ClippedActivation extends tf.layers.Layer {
  static readonly className = "ReLU";

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), maxValue: 6 };
  }
}
