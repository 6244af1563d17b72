/** @module Training steps of several configurations, each in processes of its own that take turns. */
import type { BenchmarkContext } from "./benchmark";
import { median } from "./median";

/** What a process reports. */
export interface Steps {
  readonly seconds: readonly number[];
  readonly peakBytes: number;
}

/** The first steps of a process are slower than the rest. */
const WARM_UP = 2;

/** What was measured, by configuration. */
export class AlternatingSteps {
  private readonly measured = new Map<string, Steps[]>();

  private constructor() {}

  /** Runs every configuration once a round, in the given order. */
  static async measure(
    title: string,
    configurations: Readonly<Record<string, () => Promise<Steps>>>,
    rounds: number,
    { progress, signal }: Pick<BenchmarkContext, "progress" | "signal">,
  ): Promise<AlternatingSteps> {
    const steps = new AlternatingSteps();
    const keys = Object.keys(configurations);
    const task = progress.start(title, rounds * keys.length, "processes");
    for (let round = 0; round < rounds; round++) {
      for (const [i, key] of keys.entries()) {
        signal.throwIfAborted();
        const result = await (configurations[key] as () => Promise<Steps>)();
        steps.measured.set(key, [...steps.of(key), result]);
        task.update(round * keys.length + i + 1, key);
      }
    }
    task.finish();
    return steps;
  }

  /** Median of the steps after the first two of each process. */
  seconds(key: string): number {
    return median(this.of(key).flatMap(({ seconds }) => seconds.slice(WARM_UP)));
  }

  /** Largest memory of a process. */
  peakBytes(key: string): number {
    return Math.max(...this.of(key).map(({ peakBytes }) => peakBytes));
  }

  private of(key: string): readonly Steps[] {
    return this.measured.get(key) ?? [];
  }
}
