/** @module Losses of one logit and a label. Each is a weighted mean over the batch. */
import { InputError } from "../errors/index";
import type { TrainingOptions } from "../options/index";
import { tf } from "../tensorflow/index";

/** A weighted mean over a batch. */
export interface Loss {
  /** @param logits [n, 1] @param labels [n, 1], 0 to 1 (soft labels of mixup included) */
  (logits: tf.Tensor2D, labels: tf.Tensor2D): tf.Scalar;
  /** The sum of the weights of a batch: its share in a mean over several batches. */
  weight(labels: tf.Tensor2D): number;
}

type LossOptions = Pick<TrainingOptions, "loss" | "labelSmoothing" | "focalGamma"> & {
  readonly positiveWeight: number;
};

/**
 * Binary cross-entropy with logits, or focal loss (Lin et al. 2017): cross-entropy times (1 - p of the label)^gamma.
 * Computed as max(z, 0) - z y + log(1 + exp(-|z|)), which neither overflows nor loses small values. It uses double precision
 * and no TensorFlow, because a single TensorFlow operation on so few numbers takes longer than the whole loss.
 */
export function createLoss(options: LossOptions): Loss {
  const loss = (logits: tf.Tensor2D, labels: tf.Tensor2D) =>
    tf.customGrad((z) => {
      const { value, slopes } = lossAndSlopes((z as tf.Tensor).dataSync(), labels.dataSync(), options);
      const gradFunc = (dy: tf.Tensor) => {
        const [factor] = dy.dataSync() as Float32Array;
        return tf.tensor2d(
          slopes.map((slope) => slope * (factor as number)),
          logits.shape,
        );
      };
      return { value: tf.scalar(value), gradFunc };
    })(logits) as tf.Scalar;
  const weight = (labels: tf.Tensor2D) =>
    Array.from(labels.dataSync()).reduce((sum, label) => sum + weightOf(label, options.positiveWeight), 0);
  return Object.assign(loss, { weight });
}

function weightOf(label: number, positiveWeight: number): number {
  return label * (positiveWeight - 1) + 1;
}

/** The loss of a batch, and its derivatives with respect to the logits. */
function lossAndSlopes(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { loss, positiveWeight, labelSmoothing, focalGamma }: LossOptions,
): { value: number; slopes: Float32Array } {
  const slopes = new Float64Array(logits.length);
  let [sum, weights] = [0, 0];
  for (let i = 0; i < logits.length; i++) {
    const [z, label] = [logits[i] as number, labels[i] as number];
    const target = label * (1 - labelSmoothing) + labelSmoothing / 2;
    const p = 1 / (1 + Math.exp(-z));
    const rest = 1 / (1 + Math.exp(z)); // 1 - p, also where it is too small for a difference
    let entropy = Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z)));
    let slope = p - target;
    if (loss === "focal") {
      const miss = label * rest + (1 - label) * p;
      const focus = miss ** focalGamma;
      const rise = miss > 0 ? ((focalGamma * (1 - 2 * label) * p * rest) / miss) * focus : 0;
      slope = slope * focus + entropy * rise;
      entropy *= focus;
    }
    const weight = weightOf(label, positiveWeight);
    sum += weight * entropy;
    weights += weight;
    slopes[i] = weight * slope;
  }
  return { value: sum / weights, slopes: Float32Array.from(slopes, (slope) => slope / weights) };
}

/**
 * Weight of positive examples in the loss; `auto` makes both classes of the drawn examples weigh the same.
 * @throws {InputError} `DATA_PARTITION_ONE_CLASS`
 */
export function positiveWeightOf(
  { positiveWeight, sampler }: Pick<TrainingOptions, "positiveWeight" | "sampler">,
  labels: ArrayLike<number>,
): number {
  if (positiveWeight !== "auto") return positiveWeight;
  const positives = Array.from(labels).reduce((sum, label) => sum + label, 0);
  if (positives === 0) throw new InputError("DATA_PARTITION_ONE_CLASS", "The training set has no positive tile.");
  return sampler === "balanced" ? 1 : (labels.length - positives) / positives;
}
