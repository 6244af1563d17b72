/** @module Builds the trainer of a plan. */
import type { TrainingOptions } from "../options/index";
import { Adam, type Optimizer, RmsProp, Sgd } from "../tensorflow/index";
import { batchesOf } from "./batches";
import type { Callback } from "./callbacks/callback";
import type { TrainingData } from "./data";
import { createLoss, positiveWeightOf } from "./losses";
import type { TrainingPlan } from "./plan";
import { balanced, shuffled } from "./samplers";
import { Trainer, type UserMetric } from "./trainer";
import type { TrainingTask } from "./training-task";

/** Combines the plan's sampler, batches, optimizer, loss and learning rate with a network and its examples. */
export function createTrainer(
  { options, learningRate }: Pick<TrainingPlan, "options" | "learningRate">,
  data: TrainingData,
  task: TrainingTask,
  parts: { callbacks: readonly Callback[]; metrics?: Readonly<Record<string, UserMetric>> },
): Trainer {
  const { train, validation } = task.examples;
  const { batch, seed, mixup, epochs, sampler: wanted } = options;
  const sampler = wanted === "balanced" ? balanced(train.labels, seed) : shuffled(train.labels.length, seed);
  const augment = options.augment !== "none";
  const source = batchesOf(train, { size: batch, sampler, augment, mixup, seed });
  return new Trainer(task.model, source, batchesOf(validation, { size: batch }), {
    optimizer: createOptimizer(options),
    loss: createLoss({ ...options, positiveWeight: positiveWeightOf(options, data.labels.train) }),
    learningRate: learningRate.over({ stepsPerEpoch: source.batches, epochs }),
    ...(task.layerRates && { layerRates: task.layerRates }),
    epochs,
    accumulate: options.accumulate,
    clipNorm: options.clipNorm,
    ...parts,
  });
}

function createOptimizer(options: TrainingOptions): Optimizer {
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
      return new RmsProp(shared);
  }
}
