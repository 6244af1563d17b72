/** @module From the options of a run to the pieces of its trainer. */
import { InputError } from "../errors/index";
import type { TrainingOptions } from "../options/index";
import { Adam, chooseStepWay, type Optimizer, plainWay, RmsProp, Sgd, type StepWay } from "../tensorflow/index";

/** The optimizer of the options. */
export function createOptimizer(options: TrainingOptions): Optimizer {
  const { optimizer, momentum, nesterov, weightDecay, l1, l2, clipValue, ema } = options;
  const shared = { l1, l2, clipValue, averageDecay: ema };
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

/**
 * The highest learning rate. An adaptive optimizer moves every weight by about the rate, so that a unit with k correlated
 * inputs moves by up to k times it: on pixels the rate has to fall with their number (Yang and Hu 2021). 3 / k is 1e-4 at
 * 96x96 and 2e-5 at 224x224.
 */
export function learningRateOf({ lr, optimizer, model, stem, size }: TrainingOptions): number {
  if (lr !== "auto") return lr;
  if (optimizer === "sgd") return 0.01;
  return model === "mlp" && stem === "pixels" ? Math.min(1e-3, 3 / (3 * size ** 2)) : 3e-4;
}

/** An MLP with fewer weights trains in seconds either way, and an image of fewer pixels passes a network as quickly. */
const [MANY_WEIGHTS, MANY_PIXELS] = [1e6, 64 ** 2];

/**
 * How the steps of a training are computed: the fastest way on this processor, timed once (see `chooseStepWay`). Small
 * trainings are not worth the timing; they are computed exactly.
 * @param parameters weights of the trained network
 */
export async function stepWayOf(
  { model, size, precision }: Pick<TrainingOptions, "model" | "size" | "precision">,
  parameters: number,
): Promise<StepWay> {
  const workload = ({ mlp: "dense", cnn: "convolution", vit: "tokens" } as const)[model];
  const large = workload === "dense" ? parameters >= MANY_WEIGHTS : size ** 2 >= MANY_PIXELS;
  if (workload && large) return (await chooseStepWay(workload, { precision })).chosen;
  return precision === "auto" ? plainWay : { ...plainWay, precision };
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
