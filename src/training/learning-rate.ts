/** @module The learning rate of a training, resolved once from its options into a function from step to rate. */
import { modelNamed } from "../models/registry/index";
import type { TrainingOptions } from "../options/index";
import { type Plateau, parseSchedule, type ScheduleLength, withWarmup } from "./schedules";

export interface LearningRatePlan {
  /** The highest rate. */
  readonly highest: number;
  /** For a schedule that reacts to the monitored metric. */
  readonly plateau?: Plateau;
  /** The rate at each step of a training of this length, with schedule and warm-up. */
  over(length: ScheduleLength): (step: number) => number;
}

/** @throws {InputError} `SCHEDULE_UNKNOWN` */
export function planLearningRate(options: TrainingOptions): LearningRatePlan {
  const highest = highestRate(options);
  const { schedule, plateau } = parseSchedule(options.schedule);
  return {
    highest,
    ...(plateau && { plateau }),
    over(length) {
      const factor = withWarmup(schedule(length), Math.round(options.warmup * length.stepsPerEpoch));
      return (step) => highest * factor(step);
    },
  };
}

export function highestRate({ lr, optimizer, model, stem, size }: TrainingOptions): number {
  if (lr !== "auto") return lr;
  if (optimizer === "sgd") return 0.01;
  return (stem === "pixels" ? modelNamed(model)?.rate?.(size) : undefined) ?? 3e-4;
}
