/**
 * @module A search over twenty architectures, ten epochs each, at 224 px in the subspace (with projection, evaluation and
 * files, without the basis) against the same twenty on pixels in PyTorch, estimated from a few measured steps of each.
 */
import type { BenchmarkContext, Measured as Result } from "./benchmark";
import { median } from "./median";
import { measureOurs, measurePython } from "./processes";
import { torchPython } from "./python-peers";
import { architectures } from "./search-architectures";

/** The output of `search-worker.js`. */
interface Measured {
  readonly prepareSeconds: number;
  readonly searchSeconds: number;
  readonly trials: number;
  readonly trainTiles: number;
  readonly peakBytes: number;
}

const NOTHING: Measured = {
  prepareSeconds: Number.NaN,
  searchSeconds: Number.NaN,
  trials: 0,
  trainTiles: Number.NaN,
  peakBytes: Number.NaN,
};

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Tiles per step. */
const BATCH = 64;

export async function run({ progress, budget, quick }: BenchmarkContext): Promise<Result> {
  const python = await torchPython("numpy");
  const [size, images, rank, count, epochs] = quick ? [32, 200, 16, 3, 2] : [224, 3152, 256, architectures.length, 10];
  progress.say(`A search over ${count} architectures at ${size} px in the subspace`);
  let ours = NOTHING;
  await budget.rounds(1, async () => {
    ours = await measureOurs({ budget, share: 2 }, "search-worker.js", ...[size, images, rank, count, epochs]);
  });
  budget.note(ours.trials, count, "architectures");
  const task = progress.start("PyTorch's steps on pixels", ours.trials, "architectures");
  const steps: number[] = [];
  await budget.rounds(1, async () => {
    for (const hidden of architectures.slice(0, ours.trials)) {
      const time = { budget, share: ours.trials - steps.length };
      const args = ["train_step.py", "medium", size, 5, hidden.join()] as const;
      steps.push(median((await measurePython<{ seconds: number[] }>(time, python, ...args)).seconds.slice(2)));
      task.update(steps.length);
    }
  });
  task.finish();
  const whole = steps.length === ours.trials;
  const searchSeconds = whole ? sum(steps) * Math.ceil(ours.trainTiles / BATCH) * epochs : Number.NaN;
  return {
    name: "search",
    ours,
    peer: {
      name: "PyTorch, fused Adam, on pixels, projected from three steps each, without data loading",
      searchSeconds,
    },
    ratio: searchSeconds / ours.searchSeconds,
  };
}
