/** @module Training steps of several configurations, each measured in its own processes, in turns. */
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

/** The measurements, by configuration; NaN for a configuration that was not measured. */
interface MeasuredSteps {
  /** Median of the steps, without the first two of each process. */
  seconds(key: string): number;
  /** Peak memory of the process that used most. */
  peakBytes(key: string): number;
}

/** Runs every configuration once per round, in the given order. In the first round, each gets an equal share of the time. */
export async function alternateSteps(
  title: string,
  configurations: Readonly<Record<string, (time: ProcessTime) => Promise<Steps>>>,
  rounds: number,
  { progress, budget }: Pick<BenchmarkContext, "progress" | "budget">,
): Promise<MeasuredSteps> {
  const measured = new Map<string, Steps[]>();
  const of = (key: string) => measured.get(key) ?? [];
  const entries = Object.entries(configurations);
  const task = progress.start(title, rounds * entries.length, "processes");
  await budget.rounds(rounds, async (round) => {
    for (const [i, [key, measure]] of entries.entries()) {
      measured.set(key, [...of(key), await measure({ budget, share: entries.length - i })]);
      task.update(round * entries.length + i + 1, key);
    }
  });
  task.finish();
  return {
    seconds: (key) => median(of(key).flatMap(({ seconds }) => seconds.slice(WARM_UP))),
    peakBytes: (key) => of(key).reduce((most, { peakBytes }) => (peakBytes <= most ? most : peakBytes), Number.NaN),
  };
}
