/** @module The trainer that a run's options ask for. */
import type { TrainingOptions } from "../options/index";
import { batchesOf } from "./batches";
import type { Callback } from "./callbacks/callback";
import type { TrainingData } from "./data";
import { createLoss } from "./losses";
import { balanced, shuffled } from "./samplers";
import { parseSchedule, type Schedule, withWarmup } from "./schedules";
import { createOptimizer, learningRateOf, positiveWeightOf } from "./setup";
import type { Network } from "./trainable";
import { Trainer, type UserMetric } from "./trainer";

export interface TrainerParts {
  readonly callbacks: readonly Callback[];
  readonly metrics?: Readonly<Record<string, UserMetric>>;
  /** In place of the options' schedule and warm-up. */
  readonly schedule?: Schedule;
}

/** Sampler, batches, optimizer, loss and schedule of the options, put together for a network and its examples. */
export function createTrainer(
  options: TrainingOptions,
  data: TrainingData,
  network: Network,
  { schedule: own, ...parts }: TrainerParts,
): Trainer {
  const { train, validation } = network.examples;
  const { batch, seed, mixup, sampler: wanted } = options;
  const { isSolved = false } = network;
  const epochs = isSolved ? 1 : options.epochs;
  const sampler = wanted === "balanced" ? balanced(train.labels, seed) : shuffled(train.labels.length, seed);
  const augment = options.augment !== "none";
  const source = batchesOf(train, { size: batch, sampler, augment, mixup, seed });
  const { schedule } = parseSchedule(options.schedule, { stepsPerEpoch: source.batches, epochs });
  return new Trainer(network.model, source, batchesOf(validation, { size: batch }), {
    optimizer: createOptimizer(options),
    loss: createLoss({ ...options, positiveWeight: positiveWeightOf(options, data.labels.train) }),
    learningRate: learningRateOf(options),
    schedule: own ?? (isSolved ? () => 0 : withWarmup(schedule, Math.round(options.warmup * source.batches))),
    epochs,
    accumulate: options.accumulate,
    clipNorm: options.clipNorm,
    ...parts,
  });
}
