/** @module Runs whose spools are watched: starting them, logging points, and reading these from the server. */
import assert from "node:assert/strict";
import { type ActiveRun, type Mlflow, type Run, startRun } from "../../src/tracking/index";

/** The run of an experiment that has one. */
export async function onlyRun(client: Mlflow, experiment: string): Promise<Run> {
  const { experiment_id } = await client.getExperimentByName(experiment);
  const { runs } = await client.searchRuns([experiment_id]);
  assert.equal(runs.length, 1, `${experiment} has ${runs.length} runs`);
  return runs[0] as Run;
}

/** The steps of a metric on the server, ascending. */
export async function historyOf(client: Mlflow, run: Run, key: string): Promise<number[]> {
  const { metrics } = await client.getMetricHistory(run.info.run_id, key);
  return metrics.map(({ step }) => step).sort((a, b) => a - b);
}

/** 0 to `count - 1`. */
export const range = (count: number) => Array.from({ length: count }, (_, step) => step);

/** Starts a run with its spool in a directory. @param said what the run tells */
export function startSpooled(trackingUri: string, experiment: string, spoolDirectory: string, said: string[] = []) {
  const say = (line: string) => void said.push(line);
  return startRun({ experiment, trackingUri, spoolDirectory, systemMetrics: false, waitMs: 2000, say });
}

export function logSome(run: ActiveRun, from: number, to: number): void {
  for (let step = from; step < to; step++) run.logMetric("loss", step / 7, step);
}
