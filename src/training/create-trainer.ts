/** @module Builds the trainer of a plan, and chooses how its steps are computed: the precision of products and the way of updates. */
import { leastBatch, type TrainingOptions } from "../options/index";
import {
  Adam,
  chooseStepWay,
  denseStepSeconds,
  type Optimizer,
  plainWay,
  RmsProp,
  Sgd,
  type StepWay,
} from "../tensorflow/index";
import { balanced, batchesOf, shuffled } from "./batches";
import type { Callback } from "./callbacks/callback";
import type { TrainingData } from "./data";
import { createLoss, positiveWeightOf } from "./losses";
import type { TrainingPlan } from "./plan";
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
  const source = batchesOf(train, { size: batch, sampler, augment, mixup, seed, least: leastBatch(options) });
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

/** Below these sizes, all ways are fast: an MLP with fewer weights, or images with fewer pixels. */
const [MANY_WEIGHTS, MANY_PIXELS] = [1e6, 64 ** 2];

/** How steps are computed, and about how many seconds one takes; unknown unless it was timed on a large MLP's layer. */
export interface ChosenWay {
  readonly way: StepWay;
  readonly stepSeconds?: number | undefined;
}

/** The fastest way on this processor (see `chooseStepWay`); exact products for small trainings. @param parameters weights of the network */
export async function stepWayOf(
  { model, size, precision, batch }: Pick<TrainingOptions, "model" | "size" | "precision" | "batch">,
  parameters: number,
): Promise<ChosenWay> {
  const workload = ({ mlp: "dense", cnn: "convolution", vit: "tokens" } as const)[model];
  const large = workload === "dense" ? parameters >= MANY_WEIGHTS : size ** 2 >= MANY_PIXELS;
  if (!workload || !large) return { way: precision === "auto" ? plainWay : { ...plainWay, precision } };
  const { times, chosen: way } = await chooseStepWay(workload, { precision });
  const timed = times.find((other) => other.precision === way.precision && other.updates === way.updates);
  if (!timed || workload !== "dense") return { way };
  return { way, stepSeconds: denseStepSeconds(timed.seconds, parameters, batch) };
}
