/** @module Batch normalization in training as TensorFlow's fused operations, forward and backward. */
import * as tf from "@tensorflow/tfjs";
import { attribute, callOps } from "./kernels";
import { runtime } from "./load";

/** What a training step of batch normalization gives. */
export interface BatchNormStep {
  /** Normalized, scaled and shifted; shape of the input. */
  readonly y: tf.Tensor4D;
  /** Mean of the batch per channel. */
  readonly mean: tf.Tensor1D;
  /** Variance of the batch per channel, with Bessel's correction, as running statistics want it. */
  readonly variance: tf.Tensor1D;
}

/**
 * Normalizes each channel of x [n, h, w, c] by the batch's own mean and (biased) variance (Ioffe and Szegedy 2015).
 * Differentiable in x, gamma [c] and beta [c]; mean and variance carry no gradient.
 */
export function batchNormInTraining(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
): BatchNormStep {
  return runtime.kind === "native" ? fused(x, gamma, beta, epsilon) : composed(x, gamma, beta, epsilon);
}

function fused(x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon: number): BatchNormStep {
  const attributes = [
    attribute.float32("T"),
    attribute.float32("U"),
    attribute.float("epsilon", epsilon),
    attribute.text("data_format", "NHWC"),
    attribute.flag("is_training", true),
  ];
  let statistics: tf.Tensor[] = [];
  const normalize = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const [xs, scale, offset] = args as tf.Tensor[];
    const none = tf.tensor1d([]);
    const factor = attribute.float("exponential_avg_factor", 1);
    const inputs = [xs, scale, offset, none, none] as tf.Tensor[];
    const outputs = callOps("FusedBatchNormV3", [...attributes, factor], inputs, 6);
    const [y, mean, variance, ...reserved] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    statistics = [tf.keep(mean), tf.keep(variance)];
    save([xs, scale, ...reserved] as tf.Tensor[]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedX, savedScale, ...reserves] = saved as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
        const results = callOps("FusedBatchNormGradV3", attributes, [dy, savedX, savedScale, ...reserves], 5);
        tf.dispose(results.slice(3));
        return results.slice(0, 3);
      },
    };
  });
  const y = normalize(x, gamma, beta) as tf.Tensor4D;
  const [mean, variance] = statistics as [tf.Tensor1D, tf.Tensor1D];
  return { y, mean, variance };
}

function composed(x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon: number): BatchNormStep {
  const { mean, variance } = tf.moments(x, [0, 1, 2]) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
  const count = x.size / (x.shape[3] as number);
  const y = tf.batchNorm4d(x, mean, variance, beta, gamma, epsilon);
  return { y, mean, variance: tf.mul(variance, count / Math.max(1, count - 1)) };
}
