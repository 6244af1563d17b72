/** @module Losses of one logit against a label, weighted by example. All are means over the batch's weights. */
import { InputError } from "../errors/index";
import type { TrainingOptions } from "../options/index";
import { tf } from "../tensorflow/index";

/** @param logits [n, 1] @param labels [n, 1], 0 to 1 (soft labels of mixup included) */
export type Loss = (logits: tf.Tensor2D, labels: tf.Tensor2D) => tf.Scalar;

export interface LossOptions {
  readonly loss: "bce" | "focal";
  /** Weight of positive examples. */
  readonly positiveWeight: number;
  /** Labels move this far towards one half. */
  readonly labelSmoothing: number;
  readonly focalGamma: number;
}

/** About the smallest difference to one that a 32-bit probability has. */
const LEAST_MISS = 1e-7;

/**
 * Binary cross-entropy with logits, or focal loss (Lin et al. 2017): cross-entropy times (1 - p of the label)^gamma.
 * Computed as max(z, 0) - z y + log(1 + exp(-|z|)), which neither overflows nor loses small values.
 */
export function createLoss({ loss, positiveWeight, labelSmoothing, focalGamma }: LossOptions): Loss {
  return (logits, labels) =>
    tf.tidy(() => {
      const targets = tf.add(tf.mul(labels, 1 - labelSmoothing), labelSmoothing / 2);
      const softplus = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
      let losses = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), softplus);
      if (loss === "focal") {
        const p = tf.sigmoid(logits);
        const miss = tf.add(tf.mul(labels, tf.sub(1, p)), tf.mul(tf.sub(1, labels), p));
        // Where nothing is missed, the derivative of a power below one is infinite.
        losses = tf.mul(losses, tf.pow(tf.maximum(miss, LEAST_MISS), focalGamma));
      }
      const weights = tf.add(tf.mul(labels, positiveWeight - 1), 1);
      return tf.div(tf.sum(tf.mul(losses, weights)), tf.sum(weights)) as tf.Scalar;
    });
}

/** Weight of positive examples in the loss. @throws {InputError} `DATA_PARTITION_ONE_CLASS` */
export function positiveWeightOf(
  { positiveWeight }: Pick<TrainingOptions, "positiveWeight">,
  labels: ArrayLike<number>,
): number {
  if (positiveWeight !== "auto") return positiveWeight;
  const positives = Array.prototype.reduce.call(
    labels,
    (sum, label) => (sum as number) + (label as number),
    0,
  ) as number;
  if (positives === 0) throw new InputError("DATA_PARTITION_ONE_CLASS", "The training set has no positive tile.");
  return (labels.length - positives) / positives;
}
