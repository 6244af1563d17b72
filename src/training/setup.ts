/** @module From the options of a run to the pieces of its trainer. */
import { InputError } from "../errors/index";
import type { TrainingOptions } from "../runs/index";
import { Adam, hasBf16Hardware, type Optimizer, type Precision, RmsProp, Sgd } from "../tensorflow/index";

/** The optimizer of the options. */
export function createOptimizer(options: TrainingOptions): Optimizer {
  const { optimizer, momentum, nesterov, weightDecay, l1, l2, clipValue } = options;
  const shared = { l1, l2, clipValue };
  switch (optimizer) {
    case "adam":
      return new Adam(shared);
    case "adamw":
      return new Adam({ ...shared, weightDecay });
    case "sgd":
      return new Sgd({ ...shared, momentum, nesterov });
    case "rmsprop":
      return new RmsProp({ ...shared, momentum: 0 });
  }
}

/** The precision of products on this machine. */
export function resolvePrecision(wanted: TrainingOptions["precision"]): Precision {
  return wanted === "auto" ? (hasBf16Hardware() ? "bf16" : "fp32") : wanted;
}

/** Weight of positive examples in the loss. */
export function positiveWeightOf({ positiveWeight }: TrainingOptions, labels: ArrayLike<number>): number {
  if (positiveWeight !== "auto") return positiveWeight;
  const positives = Array.prototype.reduce.call(
    labels,
    (sum, label) => (sum as number) + (label as number),
    0,
  ) as number;
  if (positives === 0) throw new InputError("DATA_PARTITION_ONE_CLASS", "The training set has no positive tile.");
  return (labels.length - positives) / positives;
}
