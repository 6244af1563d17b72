/**
 * @module Twenty architectures of ten epochs at 224 px in the subspace (projection, evaluation and files included, the basis
 * not) against the same twenty on pixels in PyTorch, of which a few steps are measured and projected to all.
 */
import { HistoError } from "../src/errors/index";
import type { BenchmarkContext, BenchmarkResult } from "./index";
import { median } from "./median";
import { measureOurs, measurePython } from "./processes";
import { peerPython } from "./python-peers";
import { architectures } from "./search-architectures";

/** What `search-worker.js` prints. */
interface Measured {
  readonly prepareSeconds: number;
  readonly searchSeconds: number;
  readonly trials: number;
  readonly trainTiles: number;
  readonly peakBytes: number;
}

/** Tiles a step. */
const BATCH = 64;

export async function run({ progress, signal, quick }: BenchmarkContext): Promise<BenchmarkResult> {
  const python = await peerPython(["torch", "numpy"]);
  const [size, images, rank, count, epochs] = quick ? [32, 200, 16, 3, 2] : [224, 3152, 256, architectures.length, 10];
  progress.say(`A search over ${count} architectures at ${size} px in the subspace`);
  const ours = await measureOurs<Measured>("search-worker.js", ...[size, images, rank, count, epochs]);
  if (ours.trials !== count) {
    throw new HistoError("BENCH_INCOMPLETE", `Only ${ours.trials} of ${count} trials finished.`);
  }
  const task = progress.start("PyTorch's steps on pixels", count, "architectures");
  let searchSeconds = 0;
  for (const [index, hidden] of architectures.slice(0, count).entries()) {
    signal.throwIfAborted();
    const steps = await measurePython<{ seconds: number[] }>(python, "train_step.py", "medium", size, 5, hidden.join());
    searchSeconds += median(steps.seconds.slice(2)) * Math.ceil(ours.trainTiles / BATCH) * epochs;
    task.update(index + 1);
  }
  task.finish();
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
