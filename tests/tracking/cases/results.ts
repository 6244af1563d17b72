/** @module `histo evaluate` and `histo export` log to the MLflow run of their run directory. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { readJson } from "../../../src/files/index";
import { type Mlflow, type Run, startRun } from "../../../src/tracking/index";
import { histo, histoJson } from "../../support/histo";
import { fetchFrom, type MlflowFixture, useServer } from "../../support/mlflow";
import { runFolder } from "../../support/run-folder";
import { temporaryDirectory, writeRun } from "../../support/trained-run";

interface Evaluated {
  test: { rocAuc: number; accuracy: number };
  runUrl?: string;
}

export function resultCases(mlflow: () => MlflowFixture): void {
  describe("results of finished runs", () => {
    test("an evaluation is added to the run of the training, which stays as it ended", async (context) => {
      const { server, client } = mlflow();
      useServer(context, server.url);
      const here = { trackingUri: server.url, systemMetrics: false as const, waitMs: 60_000 };
      const run = await runFolder();
      const training = await startRun({ experiment: "results", spoolDirectory: join(run, "tracking"), ...here });
      training.logMetrics({ "test/accuracy": 0.5, loss: 0.4 });
      await training.logText("of the training", "report.html");
      const { runId = "", url = "" } = await training.end("KILLED");
      const before = await client.getRun(runId);

      const again = histo("evaluate", "--run", run, "--threshold-rule", "recall>=0.9", "--report");
      assert.equal(again.status, 0, again.stderr);
      assert.ok(again.stderr.includes(`MLflow: ${url}?workflowType=machine_learning`), again.stderr);
      assert.equal(metricsOf(await client.getRun(runId))["test/accuracy"], 0.5, "another threshold, another name");
      assert.deepEqual(await pathsOf(client, runId, "recall-0.9"), ["evaluation.json", "figures", "report.html"]);

      const { test, runUrl } = histoJson<Evaluated>("evaluate", "--run", run, "--report");
      assert.equal(runUrl, url);
      const after = await client.getRun(runId);
      const { loss, "test/rocAuc": rocAuc, "test/accuracy": accuracy, ...others } = metricsOf(after);
      assert.deepEqual([loss, rocAuc, accuracy], [0.4, test.rocAuc, test.accuracy]);
      assert.ok("validation_best/rocAuc" in others && "recall-0.9/test/accuracy" in others);
      assert.deepEqual(
        [after.info.status, after.info.end_time, after.data.tags.filter(({ key }) => key !== "temperature")],
        [before.info.status, before.info.end_time, before.data.tags],
      );
      assert.ok((await pathsOf(client, runId, "figures")).includes("roc.html"));
      const folder = join(await temporaryDirectory(context), "back");
      await client.downloadArtifacts(runId, folder, "report.html");
      assert.equal(
        await readFile(join(folder, "report.html"), "utf8"),
        await readFile(join(run, "report.html"), "utf8"),
      );
      assert.equal((await readJson<{ mlflowRunId: string }>(join(run, "config.json"))).mlflowRunId, runId);

      await rm(join(run, "tracking"), { recursive: true });
      assert.equal(histoJson<Evaluated>("evaluate", "--run", run).runUrl, url, "the configuration knows it too");
      const fetched = fetchFrom(context, server.url, runId);
      const whole = await startRun({ runId, spoolDirectory: `${folder}-spool`, amend: true, ...here });
      await whole.logArtifact(join(run, "predictions-test.csv"));
      await whole.end();
      assert.equal(histoJson<Evaluated>("evaluate", "--run", `mlflow:${runId}`).runUrl, url);
      assert.ok(existsSync(fetched));
      assert.equal((await client.getRun(runId)).info.end_time, before.info.end_time);
    });

    test("an exported model lies beside the one of the training, under its variant", async (context) => {
      const { server, client } = mlflow();
      useServer(context, server.url);
      const directory = await temporaryDirectory(context);
      const layers = [tf.layers.flatten({ inputShape: [8, 8, 3] }), tf.layers.dense({ units: 1 })];
      const run = await writeRun(join(directory, "run"), tf.sequential({ layers }), { name: "exported" });
      const out = ["--out", join(directory, "model")];
      const tracked = ["--experiment", "results/export"];
      const first = histoJson<{ sha256: string; bytes: number; runUrl: string }>(
        ...["export", "--run", run.path, ...out, ...tracked],
      );
      const { mlflowRunId } = await readJson<{ mlflowRunId: string }>(run.config);
      assert.ok(first.runUrl.endsWith(mlflowRunId), "a run of its own is made and remembered");
      assert.equal(
        histoJson<{ runUrl: string }>("export", "--run", run.path, ...out, "--variant", "int8").runUrl,
        first.runUrl,
      );

      const { info, data } = await client.getRun(mlflowRunId);
      const tags = Object.fromEntries(data.tags.map(({ key, value }) => [key, value]));
      assert.deepEqual(
        [info.run_name, info.status, tags["mlflow.source.name"]],
        ["exported", "FINISHED", "histo.cjs export"],
      );
      assert.deepEqual([tags["export.variant"], tags["export.fp32.sha256"]], ["int8", first.sha256]);
      assert.equal(tags["export.fp32.bytes"], String(first.bytes));
      assert.ok(data.params.some(({ key, value }) => key === "seed" && value === "1"));
      const files = ["MLmodel", "MODEL_CARD.md", "golden.png", "model.json", "model.onnx", "model.onnx.data"];
      for (const variant of ["fp32", "int8"]) {
        assert.deepEqual(await pathsOf(client, mlflowRunId, `model/${variant}`), files);
      }
    });

    test("without a server the evaluation succeeds, and what it logged waits", async (context) => {
      const { server, client } = mlflow();
      const run = await runFolder();
      useServer(context, "http://127.0.0.1:1");
      process.env.HISTO_CACHE = join(await temporaryDirectory(context), "cache");
      assert.equal(histo("evaluate", "--run", run, "--no-track").stderr, "");
      assert.ok(!existsSync(join(run, "tracking")));
      const { status, stderr } = histo("evaluate", "--run", run, "--experiment", "results/waiting");
      assert.equal(status, 0, stderr);
      assert.match(stderr, /http:\/\/127\.0\.0\.1:1 lacks \d+ events of this run, kept in .* npx histo mlflow sync/);
      const again = histo("evaluate", "--run", run, "--json", "--experiment", "results/waiting");
      assert.equal(again.stderr, "", "once a day");
      const { tracking } = JSON.parse(again.stdout) as { tracking: { state: string; server: string; spool: string } };
      assert.deepEqual(
        [tracking.state, tracking.server, tracking.spool],
        ["waiting", "http://127.0.0.1:1", join(run, "tracking")],
      );
      delete process.env.HISTO_CACHE;
      const sent = histoJson<{ pending: number }>("mlflow", "sync", run, "--tracking-uri", server.url);
      assert.equal(sent.pending, 0);
      const experiment = await client.getExperimentByName("results/waiting");
      const { runs } = await client.searchRuns([experiment.experiment_id]);
      assert.equal(runs.length, 1);
      const [{ info, data }] = runs as [Run];
      assert.deepEqual([info.run_name, info.status], ["mlp-small", "FINISHED"]);
      assert.ok(data.metrics.some(({ key }) => key === "test/rocAuc"));
      assert.ok((await pathsOf(client, info.run_id)).includes("predictions-test.csv"));
    });
  });
}

function metricsOf({ data }: Pick<Run, "info" | "data">): Record<string, number> {
  return Object.fromEntries(data.metrics.map(({ key, value }) => [key, value]));
}

/** Names in a folder of a run's artifacts. */
async function pathsOf(client: Mlflow, runId: string, folder?: string): Promise<string[]> {
  const { files } = await client.listArtifacts(runId, folder);
  return files.map(({ path }) => path.split("/").at(-1) ?? path).sort();
}
