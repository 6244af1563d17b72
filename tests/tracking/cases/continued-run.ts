/** @module A run that is on the server is continued: what it has stays, and the environment says which run it is. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type Mlflow, type StartRunOptions, startRun } from "../../../src/tracking/index";
import { Gateway } from "../../support/gateway";
import { type MlflowFixture, readWithPython } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

export function continuedRunCases(mlflow: () => MlflowFixture): void {
  let runs = 0;
  /** Begins a run in a spool of its own; without an address the environment names the server. */
  async function begin(context: TestContext, options: StartRunOptions) {
    const spoolDirectory = join(await temporaryDirectory(context), `run${runs++}`);
    return startRun({ spoolDirectory, systemMetrics: false, waitMs: 60_000, say: () => undefined, ...options });
  }

  async function createRun(client: Mlflow, experiment: string): Promise<string> {
    const { experiment_id } = await client.getOrCreateExperiment(experiment);
    return (await client.createRun(experiment_id)).info.run_id;
  }

  /** Sets variables for the length of a test. */
  function withEnvironment(context: TestContext, variables: Readonly<Record<string, string>>) {
    const before = { ...process.env };
    Object.assign(process.env, variables);
    context.after(() => {
      for (const name of Object.keys(variables)) delete process.env[name];
      Object.assign(process.env, before);
    });
  }

  describe("continued runs", () => {
    test("rows and tables that Python logged stay, tags are set, and the run goes on", async (context) => {
      const { server, client } = mlflow();
      const runId = await readWithPython<string>(
        server.url,
        {},
        `
mlflow.set_experiment("continued")
with mlflow.start_run() as run:
  mlflow.log_table({"a": [1]}, "t.json")
  mlflow.log_table({"b": [1]}, "other.json")
result = run.info.run_id`,
      );
      const run = await begin(context, { trackingUri: server.url, runId, tags: { stage: "more" } });
      run.logMetric("loss", 1);
      await run.logTable([{ a: 2 }], "t.json");
      await run.logTable([{ a: 3 }], "t.json");
      while ((await client.getRun(runId)).info.status !== "RUNNING") await new Promise((done) => setTimeout(done, 50));
      const report = await run.end();
      assert.deepEqual([report.complete, report.rejected, report.runId], [true, 0, runId], report.problem);
      const { info, data } = await client.getRun(runId);
      assert.equal(info.status, "FINISHED");
      assert.equal(data.tags.find(({ key }) => key === "stage")?.value, "more");
      const folder = await temporaryDirectory(context);
      await client.downloadArtifact(runId, "t.json", join(folder, "t.json"));
      const { data: rows } = JSON.parse(await readFile(join(folder, "t.json"), "utf8")) as { data: unknown };
      assert.deepEqual(rows, [[1], [2], [3]]);

      const again = await begin(context, { trackingUri: server.url, runId, amend: true });
      await again.logTable([{ a: 9 }], "t.json", { replace: true });
      await again.logTable([{ a: 10 }], "t.json");
      assert.ok((await again.end()).complete);
      const tables = await readWithPython<Record<string, unknown[]>>(
        server.url,
        { runId },
        `
mlflow.set_experiment("continued")
result = {name: mlflow.load_table(name, run_ids=[given["runId"]]).values.tolist() for name in ["t.json", "other.json"]}`,
      );
      assert.deepEqual(tables, { "t.json": [[9], [10]], "other.json": [[1]] });
    });

    test("MLFLOW_RUN_ID is the run that begins next, not its nested runs nor those after it", async (context) => {
      const { server, client } = mlflow();
      const given = await createRun(client, "continued/environment");
      withEnvironment(context, { MLFLOW_RUN_ID: given, MLFLOW_TRACKING_URI: server.url });
      const far = await begin(context, { experiment: "continued/other", parentRunId: given });
      const first = await begin(context, {});
      const nested = await begin(context, { parent: first });
      const second = await begin(context, {});
      const runs = [far, first, nested, second];
      for (const run of runs) assert.ok((await run.end()).complete);
      const { data } = await client.getRun(nested.runId ?? "");
      assert.equal(data.tags.find(({ key }) => key === "mlflow.parentRunId")?.value, given);
      assert.equal(first.runId, given);
      assert.equal(new Set(runs.map(({ runId }) => runId)).size, 4);
      assert.equal(process.env.MLFLOW_RUN_ID, undefined);
    });

    test("MLFLOW_EXPERIMENT_ID names the experiment, also of a parent", async (context) => {
      const { server, client } = mlflow();
      const { experiment_id } = await client.getOrCreateExperiment("continued/by id");
      withEnvironment(context, { MLFLOW_EXPERIMENT_ID: experiment_id, MLFLOW_TRACKING_URI: server.url });
      const run = await begin(context, {});
      const nested = await begin(context, { experiment: "continued/nested", parent: run });
      for (const each of [run, nested]) assert.ok((await each.end()).complete);
      assert.equal((await client.getRun(run.runId ?? "")).info.experiment_id, experiment_id);
      const { info, data } = await client.getRun(nested.runId ?? "");
      assert.notEqual(info.experiment_id, experiment_id);
      assert.equal(data.tags.find(({ key }) => key === "mlflow.parentRunId")?.value, run.runId);
    });

    test("a server that the environment names later gets the runs that begin later", async (context) => {
      const gateways = [];
      for (const name of ["first", "second"]) {
        const gateway = await new Gateway(mlflow().server.url).open();
        context.after(() => gateway.close());
        withEnvironment(context, { MLFLOW_TRACKING_URI: gateway.url });
        const run = await begin(context, { experiment: "continued/servers", runName: name });
        const { complete, server } = await run.end();
        assert.deepEqual([complete, server], [true, gateway.url]);
        gateways.push(gateway);
      }
      for (const { requests } of gateways) {
        assert.equal(requests.filter((request) => request.endsWith("/runs/create")).length, 1);
      }
    });
  });
}
