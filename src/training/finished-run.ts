/** @module The result of a finished run, read from its files. */
import { existsSync } from "node:fs";
import { upperMedian } from "../collections/index";
import { type BinaryMetrics, bestByMonitor, monitorOf, readHistory } from "../evaluation/index";
import { readJson } from "../files/index";
import type { RunConfig, RunDirectory } from "../runs/index";

/** The result of `runTraining`, as far as it is in the files; undefined if the run is not finished. */
export async function finishedRun(run: RunDirectory) {
  if (!existsSync(run.metrics) || !existsSync(run.bestWeights)) return undefined;
  const config = await readJson<RunConfig>(run.config);
  if (config.threshold === undefined) return undefined;
  const metrics = await readJson<{ validation: BinaryMetrics; test: BinaryMetrics }>(run.metrics);
  const epochs = await readHistory(run.history);
  const best = bestByMonitor(epochs, monitorOf(config.monitor, config.monitorMode));
  const seconds = epochs.map((epoch) => epoch.seconds ?? 0);
  return {
    run: run.path,
    epochs: epochs.length,
    bestEpoch: best?.epoch ?? epochs.length,
    seconds: seconds.reduce((a, b) => a + b, 0),
    secondsPerEpoch: upperMedian(seconds),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ...metrics,
  };
}
