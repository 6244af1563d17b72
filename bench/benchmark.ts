/** @module What a benchmark gets and gives. */
import type { Progress } from "../src/progress/index";
import type { Machine } from "./instructions";
import type { Partial, TimeBudget } from "./time-budget";

export interface BenchmarkContext {
  readonly progress: Progress;
  /** What everything that takes long goes through: it ends in time, and what was measured before is kept. */
  readonly budget: TimeBudget;
  /** A small version that only shows that it works. */
  readonly quick?: boolean;
  /** Of `soak`: how long it asks the server, and the cores that the container may use. */
  readonly minutes?: number | undefined;
  readonly cpus?: number | undefined;
}

/** What was not measured is NaN, which JSON writes as null. */
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
