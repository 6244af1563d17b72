/** @module Runs one benchmark by its name and adds where it ran and what was cut short. */
import { InputError } from "../src/errors/index";
import type { BenchmarkContext, BenchmarkResult } from "./benchmark";
import { benchmarks } from "./index";
import { limitPeers, machine } from "./instructions";
import { TimeBudget } from "./time-budget";

/** Extra time for the work before and after the requested minutes. */
const AROUND_SECONDS = 120;

/**
 * Runs a benchmark within ten minutes, or the requested minutes. When the signal stops it, it returns what it has measured.
 * @throws {InputError} `BENCH_UNKNOWN`, `BENCH_OPTION`, `BENCH_LIMIT_UNKNOWN`
 * @throws {HistoError} `PEER_...`, `BENCH_...`
 */
export async function runBenchmark(
  name: string,
  { signal, ...context }: Omit<BenchmarkContext, "budget"> & { readonly signal: AbortSignal },
): Promise<BenchmarkResult> {
  const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (!load) {
    const known = Object.keys(benchmarks).join(", ");
    throw new InputError("BENCH_UNKNOWN", `There is no benchmark ${name}; choose one of ${known}.`);
  }
  const { minutes, cpus } = context;
  if (name !== "soak" && (minutes ?? cpus) !== undefined) {
    throw new InputError("BENCH_OPTION", "--minutes and --cpus are options of the benchmark soak only.");
  }
  limitPeers();
  const place = await machine();
  const budget = new TimeBudget(signal, minutes && 60 * minutes + AROUND_SECONDS);
  const measured = await (await load()).run({ ...context, budget }).catch((error: unknown) => {
    // Stopped before anything was measured.
    if (!budget.signal.aborted) throw error;
    return { name, ours: {}, peer: {}, ratio: Number.NaN };
  });
  const { partial } = budget;
  return { ...measured, ...place, ...(partial && { partial }) };
}
