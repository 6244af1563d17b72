/** @module The input and the result of a benchmark. */
import type { Progress } from "../src/progress/index";
import type { Machine } from "./instructions";
import type { Partial, TimeBudget } from "./time-budget";

export interface BenchmarkContext {
  readonly progress: Progress;
  /** Limits all long work to the time of the benchmark, and keeps what was measured when that ends. */
  readonly budget: TimeBudget;
  /** Runs a small version that only shows that the benchmark works. */
  readonly quick?: boolean;
  /** For `soak`: duration of the load, and the cores that the container may use. */
  readonly minutes?: number | undefined;
  readonly cpus?: number | undefined;
}

/** Figures that were not measured are NaN, which JSON writes as null. */
export interface Measured {
  readonly name: string;
  readonly ours: object;
  readonly peer: object;
  /** Above 1 when ours is better. */
  readonly ratio: number;
}

export interface BenchmarkResult extends Measured, Machine {
  /** Absent where everything was measured. */
  readonly partial?: Partial;
}

export interface Benchmark {
  run(context: BenchmarkContext): Promise<Measured>;
}
