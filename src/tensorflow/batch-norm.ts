/** @module Batch normalization of images: with the project's own operations, else with TensorFlow's fused ones, else with tfjs's. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./gradients";
import { attribute, callOps } from "./kernels";
import { runtime } from "./load";
import { hasNetworkOps, normalizationGradients } from "./network-ops";

export interface BatchNormStep {
  /** Normalized, scaled and shifted; shape of the input. */
  readonly y: tf.Tensor4D;
  /** Mean of the batch per channel. */
  readonly mean: tf.Tensor1D;
  /** Variance of the batch per channel, with Bessel's correction, for the running statistics. */
  readonly variance: tf.Tensor1D;
}

interface BatchNormOptions {
  readonly epsilon: number;
  /** Clips the result to 0 to 6 (Krizhevsky 2010). */
  readonly relu6?: boolean;
}

/** Mean and variance of each channel, [c]. */
type Statistics = readonly [mean: tf.Tensor1D, variance: tf.Tensor1D];

/**
 * Normalizes each channel of x [n, h, w, c] by the batch's own mean and (biased) variance (Ioffe and Szegedy 2015).
 * Differentiable in x, gamma [c] and beta [c]; mean and variance have no gradient.
 */
export function batchNormInTraining(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  options: BatchNormOptions,
): BatchNormStep {
  if (hasNetworkOps) {
    const { y, used } = own(x, gamma, beta, tf.zeros([2, gamma.size]), options, true);
    const [mean, variance] = tf.unstack(used) as [tf.Tensor1D, tf.Tensor1D];
    used.dispose();
    return { y, mean, variance: corrected(variance, x) };
  }
  const step =
    runtime.kind === "native" ? fused(x, gamma, beta, options.epsilon) : composed(x, gamma, beta, options.epsilon);
  return options.relu6 ? { ...step, y: tf.relu6(step.y) } : step;
}

/** Normalizes by given statistics, which have no gradient. Differentiable in x, gamma and beta. */
export function batchNormByStatistics(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  [mean, variance]: Statistics,
  options: BatchNormOptions,
): tf.Tensor4D {
  if (hasNetworkOps) {
    const { y, used } = own(x, gamma, beta, tf.stack([mean, variance]), options, false);
    used.dispose();
    return y;
  }
  const y = tf.batchNorm4d(x, mean, variance, beta, gamma, options.epsilon);
  return options.relu6 ? tf.relu6(y) : y;
}

/** @param statistics means and variances [2, c]; with `byBatch` those of the batch are used instead. @returns also those [2, c] */
function own(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  statistics: tf.Tensor,
  options: BatchNormOptions,
  byBatch: boolean,
): { y: tf.Tensor4D; used: tf.Tensor } {
  const attributes = [
    attribute.float("real", options.epsilon),
    attribute.int("whole", (byBatch ? 0 : 1) + (options.relu6 ? 2 : 0)),
  ];
  let used: tf.Tensor | undefined;
  const normalize = differentiable((inputs, save) => {
    const outputs = callOps("HistoBatchNorm", attributes, [...inputs, statistics], 2);
    const [value, found] = outputs as [tf.Tensor, tf.Tensor];
    used = tf.keep(found);
    save([...inputs, found]);
    return {
      value,
      gradFunc: (dy, saved) => normalizationGradients("HistoBatchNormGrad", attributes, [dy, ...saved]),
    };
  });
  const y = normalize(x, gamma, beta) as tf.Tensor4D;
  statistics.dispose();
  return { y, used: used as tf.Tensor };
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
  const normalize = differentiable(([xs, scale, offset], save) => {
    const none = tf.tensor1d([]);
    const factor = attribute.float("exponential_avg_factor", 1);
    const inputs = [xs, scale, offset, none, none] as tf.Tensor[];
    const outputs = callOps("FusedBatchNormV3", [...attributes, factor], inputs, 6);
    const [y, mean, variance, ...reserved] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    statistics = [tf.keep(mean), tf.keep(variance)];
    save([xs, scale, ...reserved] as tf.Tensor[]);
    return {
      value: y,
      gradFunc: (dy, saved) => {
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
  const y = tf.batchNorm4d(x, mean, variance, beta, gamma, epsilon);
  return { y, mean, variance: corrected(variance, x) };
}

/** Bessel's correction. */
function corrected(variance: tf.Tensor1D, x: tf.Tensor4D): tf.Tensor1D {
  const count = x.size / x.shape[3];
  return tf.mul(variance, count / Math.max(1, count - 1));
}
