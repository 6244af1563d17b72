/** @module Training steps of several configurations, each in processes of its own that take turns. */
import type { BenchmarkContext } from "./benchmark";
import { median } from "./median";
import type { ProcessTime } from "./processes";

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

  /** Runs every configuration once a round, in the given order. In the first round all share the time fairly. */
  static async measure(
    title: string,
    configurations: Readonly<Record<string, (time: ProcessTime) => Promise<Steps>>>,
    rounds: number,
    { progress, budget }: Pick<BenchmarkContext, "progress" | "budget">,
  ): Promise<AlternatingSteps> {
    const steps = new AlternatingSteps();
    const keys = Object.keys(configurations);
    const task = progress.start(title, rounds * keys.length, "processes");
    await budget.rounds(rounds, async (round) => {
      for (const [i, key] of keys.entries()) {
        const measure = configurations[key] as (time: ProcessTime) => Promise<Steps>;
        steps.measured.set(key, [...steps.of(key), await measure({ budget, share: keys.length - i })]);
        task.update(round * keys.length + i + 1, key);
      }
    });
    task.finish();
    return steps;
  }

  /** Median of the steps after the first two of each process; NaN where there is none. */
  seconds(key: string): number {
    return median(this.of(key).flatMap(({ seconds }) => seconds.slice(WARM_UP)));
  }

  /** Largest memory of a process; NaN where there is none. */
  peakBytes(key: string): number {
    return this.of(key).reduce((most, { peakBytes }) => (peakBytes <= most ? most : peakBytes), Number.NaN);
  }

  private of(key: string): readonly Steps[] {
    return this.measured.get(key) ?? [];
  }
}
