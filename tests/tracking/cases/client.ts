/** @module The client with mlflow-js's names against a real server. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ApiError } from "../../../src/tracking/index";
import type { MlflowFixture } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

export function clientCases(mlflow: () => MlflowFixture): void {
  describe("client", () => {
    test("experiments are made once, found by name, renamed, deleted and restored", async () => {
      const { client } = mlflow();
      const [one, two] = await Promise.all([
        client.getOrCreateExperiment("client/experiments"),
        client.getOrCreateExperiment("client/experiments"),
      ]);
      assert.equal(one.experiment_id, two.experiment_id);
      await client.setExperimentTag(one.experiment_id, "organ", "colon");
      await client.updateExperiment(one.experiment_id, "client/renamed");
      const found = await client.getExperimentByName("client/renamed");
      assert.deepEqual(found.tags, [
        { key: "mlflow.experimentKind", value: "custom_model_development" },
        { key: "organ", value: "colon" },
      ]);
      await client.deleteExperiment(one.experiment_id);
      await assert.rejects(client.getOrCreateExperiment("client/renamed"), /has been deleted on the server: restore/);
      await client.restoreExperiment(one.experiment_id);
      assert.equal((await client.getExperiment(one.experiment_id)).lifecycle_stage, "active");
    });

    test("errors carry the status and MLflow's code", async () => {
      await assert.rejects(mlflow().client.getRun("0123456789abcdef"), (error) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual([error.statusCode, error.errorCode], [404, "RESOURCE_DOES_NOT_EXIST"]);
        return true;
      });
    });

    test("NaN, infinities and fractional steps keep their meaning", async () => {
      const { client } = mlflow();
      const { experiment_id } = await client.getOrCreateExperiment("client/values");
      const { info } = await client.createRun(experiment_id, "values");
      await client.logMetric(info.run_id, "nan", Number.NaN, 1_700_000_000_000.5, 1.5);
      await client.logMetric(info.run_id, "infinity", Number.POSITIVE_INFINITY);
      await client.logParam(info.run_id, "long", "x".repeat(7000));
      const { data } = await client.getRun(info.run_id);
      const nan = data.metrics.find(({ key }) => key === "nan");
      const infinity = data.metrics.find(({ key }) => key === "infinity");
      // The server says null for NaN in a run, and "NaN" in the history.
      const history = await client.getMetricHistory(info.run_id, "nan");
      assert.deepEqual(history.metrics, [{ key: "nan", value: Number.NaN, timestamp: 1_700_000_000_000, step: 1 }]);
      assert.ok(Number.isNaN(nan?.value), String(nan?.value));
      assert.equal(infinity?.value, Number.MAX_VALUE, "the server stores the largest number for infinity");
      assert.equal(data.params[0]?.value.length, 6000);
    });

    test("searches run through all pages, in order", async () => {
      const { client } = mlflow();
      const { experiment_id } = await client.getOrCreateExperiment("client/pages");
      for (let i = 0; i < 7; i++) {
        const { info } = await client.createRun(experiment_id, `run-${i}`);
        await client.logBatch(info.run_id, [{ key: "auc", value: i / 10, step: 0 }], [{ key: "model", value: "mlp" }]);
        await client.updateRun(info.run_id, "FINISHED", Date.now());
      }
      const names: (string | undefined)[] = [];
      const runs = client.iterateRuns([experiment_id], "metrics.auc > 0.15", ["metrics.auc DESC"], "ACTIVE_ONLY", 2);
      for await (const run of runs) names.push(run.info.run_name);
      assert.deepEqual(names, ["run-6", "run-5", "run-4", "run-3", "run-2"]);
    });

    test("artifacts come back byte for byte, whatever their name and size", async (context) => {
      const { client } = mlflow();
      const directory = await temporaryDirectory(context);
      const { experiment_id } = await client.getOrCreateExperiment("client/artifacts");
      const { info } = await client.createRun(experiment_id);
      const contents = { "empty.bin": Buffer.alloc(0), "models/größe 100%+&;:=.bin": randomBytes(3_000_001) };
      for (const [path, bytes] of Object.entries(contents)) {
        await writeFile(join(directory, "local"), bytes);
        const uploaded = await client.uploadArtifact(info.run_id, join(directory, "local"), path);
        assert.equal(uploaded.size, bytes.length);
      }
      const fetched = await client.downloadArtifacts(info.run_id, join(directory, "back"));
      assert.deepEqual(fetched.sort(), Object.keys(contents).sort());
      for (const [path, bytes] of Object.entries(contents)) {
        assert.ok(bytes.equals(await readFile(join(directory, "back", path))), path);
      }
      await assert.rejects(
        client.uploadArtifact(info.run_id, join(directory, "local"), "../outside"),
        /not a path inside/,
      );
    });

    test("a download goes on where it was cut, and a damaged one is refused", async (context) => {
      const { client } = mlflow();
      const directory = await temporaryDirectory(context);
      const { experiment_id } = await client.getOrCreateExperiment("client/artifacts");
      const { info } = await client.createRun(experiment_id);
      const bytes = randomBytes(200_000);
      await writeFile(join(directory, "local"), bytes);
      const { sha256, size } = await client.uploadArtifact(info.run_id, join(directory, "local"), "model.bin");
      const target = join(directory, "model.bin");
      await writeFile(`${target}.part`, bytes.subarray(0, 70_000));
      await client.downloadArtifact(info.run_id, "model.bin", target, { size, sha256 });
      assert.ok(bytes.equals(await readFile(target)));

      const other = join(directory, "other.bin");
      await writeFile(`${other}.part`, randomBytes(70_000));
      await assert.rejects(
        client.downloadArtifact(info.run_id, "model.bin", other, { size, sha256 }),
        /arrived damaged/,
      );
      await assert.rejects(readFile(other), { code: "ENOENT" });
    });
  });
}
