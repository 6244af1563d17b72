/** @module The benchmarks by name. Each runs this project and a named peer in the same run, alternating, and gives medians. */
import type { Progress } from "../src/progress/index";

export interface BenchmarkContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** A small version that only shows that it works. */
  readonly quick?: boolean;
}

export interface BenchmarkResult {
  readonly name: string;
  readonly ours: object;
  readonly peer: object;
  /** Above 1 when ours is better. */
  readonly ratio: number;
}

interface Benchmark {
  run(context: BenchmarkContext): Promise<BenchmarkResult>;
}

/** Loaded when run. */
export const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  "train-step": () => import("./train-step.js"),
  epoch: () => import("./epoch.js"),
  subspace: () => import("./subspace.js"),
  quality: () => import("./quality.js"),
  data: () => import("./data.js"),
  inference: () => import("./inference.js"),
  server: () => import("./server.js"),
  tracking: () => import("./tracking.js"),
};
