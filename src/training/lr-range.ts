/** @module The learning rate range test (Smith 2017): the loss while the rate increases over a few hundred steps. */
import { resolve } from "node:path";
import { Interrupted } from "../errors/index";
import { parameterCount } from "../models/index";
import { definedOnly, type GivenTrainingOptions, resolveTrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import { useStepWay } from "../tensorflow/index";
import { ownSize } from "./backbone/backbone-task";
import type { Callback } from "./callbacks/callback";
import { withTask } from "./create-task";
import { createTrainer, stepWayOf } from "./create-trainer";
import { type Trainer, TrainingDiverged } from "./trainer";

export interface RangePoint {
  readonly learningRate: number;
  /** Of the batch. */
  readonly loss: number;
  /** Exponential average of the losses so far, corrected for its start. */
  readonly smoothed: number;
}

export interface RangeTest {
  readonly points: readonly RangePoint[];
  /** The rate at which the smoothed loss decreases fastest: a good highest rate. */
  readonly suggestion: number;
}

interface RangeOptions {
  readonly lowest?: number;
  readonly highest?: number;
  readonly steps?: number;
  readonly signal?: AbortSignal;
}

/** The test ends when the loss is this multiple of the best so far. */
const DIVERGED = 4;
const SMOOTHING = 0.9;
const STEPS = 150;

/** Trains while the rate rises exponentially, which changes the model. @param make builds the trainer with this rate and these callbacks */
export async function learningRateRange(
  make: (own: { learningRate: (step: number) => number; callbacks: readonly Callback[] }) => Trainer,
  { lowest = 1e-7, highest = 1, steps = STEPS, signal }: RangeOptions = {},
): Promise<RangeTest> {
  const points: RangePoint[] = [];
  const learningRate = (step: number) => lowest * (highest / lowest) ** Math.min(1, step / (steps - 1));
  const stop = new AbortController();
  let [average, best] = [0, Number.POSITIVE_INFINITY];
  let before = { lossSum: 0, weight: 0 };
  const watch: Callback = {
    onBatchEnd({ seen: { lossSum, weight }, step }) {
      const loss = (lossSum - before.lossSum) / (weight - before.weight);
      before = { lossSum, weight };
      average = SMOOTHING * average + (1 - SMOOTHING) * loss;
      const smoothed = average / (1 - SMOOTHING ** step);
      points.push({ learningRate: learningRate(step - 1), loss, smoothed });
      best = Math.min(best, smoothed);
      if (step >= steps || (step > 10 && smoothed > DIVERGED * best)) stop.abort();
    },
    onEpochEnd() {
      before = { lossSum: 0, weight: 0 };
    },
  };
  const trainer = make({ learningRate, callbacks: [watch] });
  try {
    await trainer.fit(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
  } catch (error) {
    if (!(error instanceof TrainingDiverged)) throw error;
  } finally {
    trainer.dispose();
  }
  return { points, suggestion: steepest(points) };
}

/**
 * Where the smoothed loss decreases fastest with the logarithm of the rate, before its minimum. Slopes are measured over a
 * fifteenth of the steps. The first two fifteenths do not count, because their running mean is over too few batches.
 */
function steepest(points: readonly RangePoint[]): number {
  const lowest = points.reduce((at, point, i) => (point.smoothed < (points[at]?.smoothed ?? 0) ? i : at), 0);
  const window = Math.max(5, Math.round(points.length / 15));
  let best = { slope: 0, rate: points[0]?.learningRate ?? 0 };
  for (let i = 3 * window; i <= lowest; i++) {
    const slope = (points[i]?.smoothed ?? 0) - (points[i - window]?.smoothed ?? 0);
    const middle = points[i - Math.floor(window / 2)];
    if (middle && slope < best.slope) best = { slope, rate: middle.learningRate };
  }
  return best.rate;
}

/**
 * Runs the range test on the network of the options, without their schedule, warm-up, rate and epochs. Writes only to caches.
 * @throws {InputError} for unusable options or data @throws {Interrupted}
 */
export async function runLearningRateRange(
  given: GivenTrainingOptions,
  { progress = silentProgress, signal, ...range }: RangeOptions & { readonly progress?: Progress } = {},
): Promise<RangeTest> {
  const { steps = STEPS } = range;
  const options = resolveTrainingOptions({ ...definedOnly(given), data: resolve(given.data) });
  const context = { progress, ...(signal && { signal }) };
  if (given.size === undefined) options.size = await ownSize(options, context);
  return withTask(options, context, async (data, task) => {
    useStepWay((await stepWayOf(options, parameterCount(task.model))).way);
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
  });
}
