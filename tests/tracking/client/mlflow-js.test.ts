/** @module The methods have the names and the argument order of mlflow-js 1.0.1, so that its users can change over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ExperimentClient, Mlflow, RunClient } from "../../../src/tracking/index";

const EXPERIMENT_CLIENT = {
  createExperiment: "name artifact_location tags",
  searchExperiment: "filter max_results page_token order_by view_type",
  getExperiment: "experiment_id",
  getExperimentByName: "experiment_name",
  deleteExperiment: "experiment_id",
  restoreExperiment: "experiment_id",
  updateExperiment: "experiment_id new_name",
  setExperimentTag: "experiment_id key value",
};

const RUN_CLIENT = {
  createRun: "experiment_id run_name start_time tags",
  deleteRun: "run_id",
  restoreRun: "run_id",
  getRun: "run_id",
  updateRun: "run_id status end_time run_name",
  logMetric: "run_id key value timestamp step",
  logBatch: "run_id metrics params tags",
  logModel: "run_id model_json",
  logInputs: "run_id datasets",
  setTag: "run_id key value",
  deleteTag: "run_id key",
  logParam: "run_id key value",
  getMetricHistory: "run_id metric_key page_token max_results",
  searchRuns: "experiment_ids filter run_view_type max_results order_by page_token",
  listArtifacts: "run_id path page_token",
};

/** Names of the arguments, from the function's own text. */
function argumentsOf(method: unknown): string {
  const list = /^[^(]*\((.*?)\)\s*\{/s.exec(String(method))?.[1] ?? "";
  return [...list.matchAll(/(?:^|,)\s*(\w+)/g)].map(([, name]) => name).join(" ");
}

test("clients and the object that binds them have mlflow-js's methods", () => {
  const mlflow = new Mlflow("http://127.0.0.1:1");
  for (const [client, methods] of [
    [ExperimentClient.prototype, EXPERIMENT_CLIENT],
    [RunClient.prototype, RUN_CLIENT],
  ] as const) {
    for (const [name, names] of Object.entries(methods)) {
      const method = (client as unknown as Record<string, unknown>)[name];
      assert.equal(argumentsOf(method), names, name);
      assert.equal(typeof (mlflow as unknown as Record<string, unknown>)[name], "function", name);
    }
  }
  assert.ok(mlflow.getExperimentClient() instanceof ExperimentClient);
  assert.ok(mlflow.getRunClient() instanceof RunClient);
  mlflow.close();
});
