/** @module Answers that say nothing about what was logged lose none of it, and one item that always fails holds up no other. */
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startRun, syncSpools } from "../../../src/tracking/index";
import { Gateway, type OwnAnswer } from "../../support/gateway";
import type { MlflowFixture } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

const PAGE = "<!doctype html><title>Please wait</title>";

async function logBehind(context: TestContext, url: string) {
  const directory = await temporaryDirectory(context);
  const gateway = await new Gateway(url).open();
  context.after(() => gateway.close());
  const run = await startRun({
    experiment: "foreign",
    trackingUri: gateway.url,
    spoolDirectory: directory,
    systemMetrics: false,
    waitMs: 60_000,
    say: () => undefined,
  });
  return { directory, gateway, run };
}

export function foreignAnswerCases(mlflow: () => MlflowFixture): void {
  describe("answers that are not MLflow's", () => {
    const answers: OwnAnswer[] = [
      { status: 200, body: PAGE },
      { status: 302, headers: { location: "https://login.example.com" } },
      { status: 400, body: PAGE },
      { status: 404, body: PAGE },
      { status: 405, body: PAGE },
      { status: 413, body: PAGE },
    ];
    for (const answer of answers) {
      test(`a proxy that says ${answer.status} for a while loses nothing`, async (context) => {
        const { client } = mlflow();
        const { gateway, run, directory } = await logBehind(context, mlflow().server.url);
        gateway.instead = () => answer;
        for (let step = 0; step < 30; step++) run.logMetric("loss", step, step);
        run.setTag("stage", "test");
        run.logInputs([{ dataset: { name: "tiles", digest: "1", source_type: "local", source: "{}" } }]);
        await run.logText("content", "file.txt");
        await sleep(1200);
        gateway.instead = () => undefined;
        const report = await run.end();
        assert.deepEqual([report.complete, report.rejected], [true, 0], report.problem);
        const stored = await client.getRun(run.runId ?? "");
        const { metrics } = await client.getMetricHistory(stored.info.run_id, "loss");
        assert.equal(metrics.length, 30);
        assert.equal(stored.inputs?.dataset_inputs?.length, 1);
        assert.ok(stored.data.tags.some(({ key }) => key === "stage"));
        await client.downloadArtifact(stored.info.run_id, "file.txt", join(directory, "back"));
        assert.equal(await readFile(join(directory, "back"), "utf8"), "content");
      });
    }

    test("a proxy that never passes a large file holds up nothing else, and the file stays in the spool", async (context) => {
      const { client } = mlflow();
      const { directory, gateway, run } = await logBehind(context, mlflow().server.url);
      gateway.instead = (name, bytes) =>
        name.startsWith("PUT") && bytes > 1000 ? { status: 413, body: PAGE } : undefined;
      await run.logText("x".repeat(2000), "large.txt");
      await run.logText("small", "small.txt");
      run.logMetric("loss", 1, 1);
      const report = await run.end();
      assert.deepEqual([report.complete, report.rejected], [true, 1], report.problem);
      const { files } = await client.listArtifacts(run.runId ?? "");
      assert.deepEqual(
        files.map(({ path }) => path),
        ["artifacts.sha256", "small.txt"],
      );
      const { item, reason } = JSON.parse(await readFile(join(directory, "rejected.jsonl"), "utf8")) as {
        item: { path: string; file: string };
        reason: string;
      };
      assert.match(reason, /413/);
      assert.equal(item.path, "large.txt");
      assert.equal((await stat(join(directory, "files", item.file))).size, 2000);
    });

    test("a file that the server can never store holds up nothing else", async (context) => {
      const { client } = mlflow();
      const { run } = await logBehind(context, mlflow().server.url);
      await run.logText("a file", "report");
      await run.logText("below a file", "report/page.txt");
      await run.logText("later", "later.txt");
      const report = await run.end();
      assert.deepEqual([report.complete, report.rejected], [true, 1], report.problem);
      const { info } = await client.getRun(run.runId ?? "");
      assert.equal(info.status, "FINISHED");
      const { files } = await client.listArtifacts(info.run_id);
      assert.deepEqual(
        files.map(({ path }) => path),
        ["artifacts.sha256", "later.txt", "report"],
      );
    });

    test("with a server that takes requests and never answers, the end comes as soon as promised", async (context) => {
      const { directory, gateway, run } = await logBehind(context, mlflow().server.url);
      await writeFile(join(directory, "model.bin"), "weights");
      gateway.instead = () => "silence";
      run.logMetric("loss", 1, 1);
      await run.logArtifact(join(directory, "model.bin"));
      await sleep(500);
      const began = Date.now();
      const report = await run.end();
      assert.equal(report.complete, false);
      assert.match(report.problem ?? "", /was silent for 15 s/);
      assert.ok(Date.now() - began < 20_000, `${Date.now() - began} ms`);
      const again = Date.now();
      await syncSpools([directory], { trackingUri: gateway.url, patienceMs: 1000 });
      assert.ok(Date.now() - again < 6_000, `${Date.now() - again} ms`);
      gateway.instead = () => undefined;
      const [synced] = await syncSpools([directory], { trackingUri: gateway.url });
      assert.ok(synced?.complete, synced?.problem);
    });
  });
}
