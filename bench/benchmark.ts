/** @module What a benchmark gets and gives. */
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

export interface Benchmark {
  run(context: BenchmarkContext): Promise<BenchmarkResult>;
}
