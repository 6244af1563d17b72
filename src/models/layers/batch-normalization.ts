/**
 * @module Batch normalization for image batches that trains on fused operations. Serialized under Keras's name with
 * Keras's weights (gamma, beta, moving_mean, moving_variance), so that any Keras reader understands it.
 */
import { batchNormByStatistics, batchNormInTraining, tf } from "../../tensorflow/index";
import { Layer } from "./layer";

interface BatchNormalizationConfig {
  readonly name?: string;
  /** Decay of the running statistics. */
  readonly momentum?: number;
  readonly epsilon?: number;
  /** Clips the result to 0 to 6 in the same pass. Not part of the topology, so a {@link ClippedActivation} must follow. */
  readonly relu6?: boolean;
  /** Uses the running statistics in training too, and does not update them. A frozen layer does the same. */
  readonly keepStatistics?: boolean;
}

/** y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over x [n, h, w, c], by channel. */
export class BatchNormalization2D extends Layer<{
  readonly axis: -1;
  readonly momentum: number;
  readonly epsilon: number;
}> {
  static readonly className = "BatchNormalization";
  private readonly options: { readonly epsilon: number; readonly relu6: boolean };
  private readonly keepStatistics: boolean;
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;
  private movingMean!: tf.LayerVariable;
  private movingVariance!: tf.LayerVariable;

  constructor(config: BatchNormalizationConfig = {}) {
    const { momentum = 0.9, epsilon = 1e-3, relu6 = false, keepStatistics = false, ...rest } = config;
    super(rest, { axis: -1, momentum, epsilon });
    this.options = { epsilon, relu6 };
    this.keepStatistics = keepStatistics;
  }

  override build(inputShape: tf.Shape): void {
    const shape = [inputShape[inputShape.length - 1] as number];
    this.gamma = this.addWeight("gamma", shape, "float32", tf.initializers.ones());
    this.beta = this.addWeight("beta", shape, "float32", tf.initializers.zeros());
    this.movingMean = this.addFixedWeight("moving_mean", shape, "zeros");
    this.movingVariance = this.addFixedWeight("moving_variance", shape, "ones");
    super.build(inputShape);
  }

  protected compute(x: tf.Tensor4D, training: boolean): tf.Tensor {
    const gamma = this.gamma.read() as tf.Tensor1D;
    const beta = this.beta.read() as tf.Tensor1D;
    if (!training || !this.trainable || this.keepStatistics) {
      const statistics = [this.movingMean.read(), this.movingVariance.read()] as [tf.Tensor1D, tf.Tensor1D];
      return batchNormByStatistics(x, gamma, beta, statistics, this.options);
    }
    const { y, mean, variance } = batchNormInTraining(x, gamma, beta, this.options);
    this.moveTowards(this.movingMean, mean);
    this.moveTowards(this.movingVariance, variance);
    tf.dispose([mean, variance]);
    return y;
  }

  private moveTowards(average: tf.LayerVariable, value: tf.Tensor): void {
    tf.tidy(() => {
      const before = average.read();
      average.write(tf.add(before, tf.mul(tf.sub(value, before), 1 - this.settings.momentum)));
    });
  }
}

/** ReLU6 after a {@link BatchNormalization2D} that has clipped already: other readers of the topology need it. */
export class ClippedActivation extends Layer {
  static readonly className = "ReLU";

  constructor(config: { readonly name?: string } = {}) {
    super(config, { maxValue: 6 });
  }

  protected compute(x: tf.Tensor): tf.Tensor {
    return x;
  }
}
