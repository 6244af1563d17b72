/** @module The learning rate range test of a whole run's options. */
import { resolve } from "node:path";
import { Interrupted } from "../errors/index";
import { parameterCount } from "../models/index";
import { definedOnly, type GivenTrainingOptions, resolveTrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import { setPrecision, useStepWay } from "../tensorflow/index";
import { ownSize } from "./backbone/names";
import { createTask } from "./create-task";
import { createTrainer } from "./create-trainer";
import { openTrainingData } from "./data";
import { learningRateRange, type RangeOptions, type RangeTest } from "./lr-range";
import { stepWayOf } from "./step-way";

interface RunRangeOptions extends RangeOptions {
  readonly progress?: Progress;
}

/**
 * Trains the network of the options while the learning rate increases, and ignores their schedule, warm-up, learning rate and
 * epochs. Writes only to the caches of pixels and bases.
 * @throws {InputError} for unusable options or data
 * @throws {Interrupted} when `signal` is aborted
 */
export async function runLearningRateRange(
  given: GivenTrainingOptions,
  { progress = silentProgress, signal, ...range }: RunRangeOptions = {},
): Promise<RangeTest> {
  const steps = range.steps ?? 150;
  const options = resolveTrainingOptions({ ...definedOnly(given), data: resolve(given.data) });
  const context = { progress, ...(signal && { signal }) };
  if (given.size === undefined) options.size = await ownSize(options, context);
  const data = await openTrainingData(options, context);
  try {
    setPrecision("fp32");
    const task = await createTask(options, data, context);
    try {
      useStepWay(await stepWayOf(options, parameterCount(task.model)));
      const shown = progress.start("Learning rate range", steps, "steps");
      const result = await learningRateRange(
        ({ learningRate, callbacks }) => {
          const counting = { onBatchEnd: ({ step }: { step: number }) => shown.update(Math.min(step, steps)) };
          // Enough epochs for all steps of the test, however few batches an epoch has.
          const long = { ...options, epochs: steps * options.accumulate };
          const plan = { options: long, learningRate: { highest: 1, over: () => learningRate } };
          return createTrainer(plan, data, task, { callbacks: [...callbacks, counting] });
        },
        { ...range, steps, ...(signal && { signal }) },
      );
      if (signal?.aborted) throw new Interrupted("Stopped; start the range test again.");
      shown.finish();
      return result;
    } finally {
      await task.close();
    }
  } finally {
    data.close();
  }
}
