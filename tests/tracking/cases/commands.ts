/** @module `histo runs`, `histo mlflow sync` and fetching a run back. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { Mlflow, startRun } from "../../../src/tracking/index";
import { setWithFolds } from "../../support/data-sets";
import { histo, histoJson } from "../../support/histo";
import { fetchFrom, type MlflowFixture, useServer } from "../../support/mlflow";
import { runFolder } from "../../support/run-folder";
import { temporaryDirectory, writeRun } from "../../support/trained-run";

export function commandCases(mlflow: () => MlflowFixture): void {
  describe("commands", () => {
    test("runs kept without a server are sent, listed, compared and fetched back", async (context) => {
      const { server } = mlflow();
      const directory = await temporaryDirectory(context);
      for (const [name, auc] of Object.entries({ small: 0.81, large: 0.86 })) {
        const run = await startRun({
          experiment: "commands",
          runName: name,
          trackingUri: "http://127.0.0.1:1",
          spoolDirectory: join(directory, "runs", name, "tracking"),
          systemMetrics: false,
          waitMs: 0,
          say: () => undefined,
        });
        run.logParams({ hidden: name === "small" ? 64 : 2352, epochs: 3 });
        run.logMetric("rocAuc", auc, 2);
        await run.logText(`{"name":"${name}"}`, "best/topology.json");
        await run.end();
      }
      const server_ = ["--tracking-uri", server.url];
      const absent = histo("mlflow", "sync", join(directory, "runs"), "--tracking-uri", "http://127.0.0.1:1");
      assert.equal(absent.status, 1);
      assert.match(absent.stderr, /histo: 2 of 2 runs incomplete on http:\/\/127\.0\.0\.1:1 \(\d+ events left\)/);
      const sent = histoJson<{ spools: number; complete: number; pending: number }>(
        ...["mlflow", "sync", join(directory, "runs"), ...server_],
      );
      assert.deepEqual([sent.spools, sent.complete, sent.pending], [2, 2, 0]);

      const order = ["--experiment", "commands", "--order-by", "metrics.rocAuc DESC"];
      const listed = histoJson<{ runs: { runId: string; name: string; metrics: object }[] }>(
        "runs",
        ...order,
        ...server_,
      );
      assert.deepEqual(
        listed.runs.map(({ name, metrics }) => [name, metrics]),
        [
          ["large", { rocAuc: 0.86 }],
          ["small", { rocAuc: 0.81 }],
        ],
      );
      const table = histo("runs", ...order, ...server_).stdout;
      assert.match(table, /^run +name +status +started +took +rocAuc\n-+/);
      const ids = listed.runs.map(({ runId }) => runId);
      const compared = histo("runs", ...ids, ...server_).stdout;
      assert.match(compared, /^\* hidden +2352 +64$/m);
      assert.match(compared, /^ {2}epochs +3 +3$/m);
      const missing = histo("runs", "--experiment", "nothing", ...server_);
      assert.deepEqual([missing.status, missing.stdout], [2, ""]);

      const target = join(directory, "fetched");
      const client = new Mlflow(server.url);
      context.after(() => client.close());
      assert.deepEqual(await client.downloadArtifacts(ids[0] ?? "", target), ["best/topology.json"]);
      assert.equal(await readFile(join(target, "best", "topology.json"), "utf8"), '{"name":"large"}');
    });

    test("a run on the server is exported as if it were here", async (context) => {
      const { server } = mlflow();
      const directory = await temporaryDirectory(context);
      const layers = [tf.layers.flatten({ inputShape: [8, 8, 3] }), tf.layers.dense({ units: 1 })];
      const here = await writeRun(join(directory, "here"), tf.sequential({ layers }));
      const run = await startRun({
        experiment: "commands/export",
        trackingUri: server.url,
        spoolDirectory: here.spool,
        systemMetrics: false,
        waitMs: 60_000,
      });
      await run.logArtifacts(join(here.path, "best"), "best");
      await run.logArtifact(here.config);
      const { runId = "", complete } = await run.end();
      assert.ok(complete);
      fetchFrom(context, server.url, runId);
      for (const [name, of] of Object.entries({ a: here.path, b: `mlflow:${runId}` })) {
        const { status, stderr } = histo("export", "--run", of, "--out", join(directory, name), "--no-track");
        assert.equal(status, 0, stderr);
      }
      const [a, b] = await Promise.all(["a", "b"].map((name) => readFile(join(directory, name, "model.onnx.data"))));
      assert.ok(a?.equals(b as Buffer));
      const missing = histo("export", "--run", "mlflow:0123", "--out", join(directory, "c"));
      assert.equal(missing.status, 2);
      assert.match(missing.stderr, /^histo: --run: .* has no run 0123\.$/m);
    });

    test("a run on the server is evaluated as if it were here, without fetching its weights", async (context) => {
      const { server } = mlflow();
      const here = await runFolder();
      const directory = await temporaryDirectory(context);
      const run = await startRun({
        experiment: "commands/evaluate",
        trackingUri: server.url,
        spoolDirectory: join(directory, "tracking"),
        systemMetrics: false,
        waitMs: 60_000,
      });
      await run.logArtifacts(here);
      await run.logText("not weights", "best/weights.safetensors");
      const { runId = "", complete } = await run.end();
      assert.ok(complete);
      const fetched = fetchFrom(context, server.url, runId);
      const { run: _, ...measures } = histoJson<{ run: string }>("evaluate", "--run", here, "--no-track");
      const { run: path, ...same } = histoJson<{ run: string }>(
        ...["evaluate", "--run", `mlflow:${runId}`, "--no-track"],
      );
      assert.equal(path, fetched);
      assert.deepEqual(same, measures);
      assert.ok(!existsSync(join(fetched, "best")));
      const against = histoJson<{ comparison: { delong: { difference: number } } }>(
        ...["evaluate", "--run", here, "--against", `mlflow:${runId}`, "--no-track"],
      );
      assert.equal(against.comparison.delong.difference, 0);
      const noModel = histo("export", "--run", `mlflow:${runId}`, "--out", join(directory, "model"));
      assert.equal(noModel.status, 2);
      assert.match(noModel.stderr, /^histo: --run: run \w+ on the MLflow server has no trained model/m);
    });

    test("a cross-validation on the server is evaluated with the runs of its folds", async (context) => {
      const { server } = mlflow();
      const data = await setWithFolds(context);
      process.env.HISTO_CACHE = join(data, "cache");
      useServer(context, server.url);
      const here = join(data, "run");
      const { runUrl } = histoJson<{ runUrl: string }>(
        ...["train", "--data", data, "--run", here, "--fold", "all", "--export", "none", "--model", "colour"],
        ...["--epochs", "1", "--size", "16", "--experiment", "commands/folds"],
      );
      const runId = runUrl.split("/").at(-1) as string;
      const fetched = fetchFrom(context, server.url, runId);
      const evaluate = (run: string) => {
        const {
          run: path,
          cautions,
          ...rest
        } = histoJson<{ run: string; cautions: object; folds: object[] }>(...["evaluate", "--run", run, "--no-track"]);
        return { path, rest };
      };
      const [there, local] = [evaluate(`mlflow:${runId}`), evaluate(here)];
      assert.equal(there.path, fetched);
      assert.equal(there.rest.folds.length, 3);
      assert.deepEqual(there.rest, local.rest);
      const model = histo("export", "--run", `mlflow:${runId}`, "--out", join(data, "model"));
      assert.match(model.stderr, /is a cross-validation; name the run of one of its folds/);
    });
  });
}
