/** @module Nothing is lost and nothing is doubled: the server away, answers and uploads cut, refusals. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startRun, syncSpools } from "../../../src/tracking/index";
import { Gateway } from "../../support/gateway";
import { type MlflowFixture, readWithPython } from "../../support/mlflow";
import { ownTime } from "../../support/own-time";
import { historyOf, logSome, onlyRun, range, startSpooled } from "../../support/spooled-runs";
import { temporaryDirectory } from "../../support/temporary-directory";

export function spoolCases(mlflow: () => MlflowFixture): void {
  describe("spool", () => {
    test("a server that is absent at the start, comes, goes and comes back has everything once", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const gateway = await new Gateway(server.url).open();
      await gateway.close();
      const said: string[] = [];
      const run = await startSpooled(gateway.url, "spool/away", directory, said);
      assert.equal(run.runUrl, undefined);
      assert.match(said[0] ?? "", /cannot be used now .*The work continues/);
      logSome(run, 0, 500);
      await run.logText("early", "early.txt");
      await gateway.open();
      while (run.runId === undefined) await sleep(50);
      logSome(run, 500, 1000);
      await gateway.close();
      logSome(run, 1000, 1500);
      await run.logText("late", "late.txt");
      await sleep(500);
      await gateway.open();
      const report = await run.end();
      await gateway.close();
      assert.ok(report.complete, report.problem);
      const stored = await onlyRun(client, "spool/away");
      assert.equal(stored.info.status, "FINISHED");
      assert.deepEqual(await historyOf(client, stored, "loss"), range(1500));
      const { files } = await client.listArtifacts(stored.info.run_id);
      assert.deepEqual(
        files.map(({ path }) => path),
        ["artifacts.sha256", "early.txt", "late.txt"],
      );
    });

    test("with the server lost for good the run ends soon, and another machine sends it later", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const said: string[] = [];
      const parent = await startSpooled("http://127.0.0.1:1", "spool/lost", join(directory, "z-parent"), said);
      const child = await startRun({
        experiment: "spool/lost-trials",
        trackingUri: "http://127.0.0.1:1",
        spoolDirectory: join(directory, "a-trial"),
        parent,
        systemMetrics: false,
        waitMs: 0,
        say: () => undefined,
      });
      logSome(parent, 0, 100);
      logSome(child, 0, 10);
      await parent.logText("content", "file.txt");
      const began = Date.now();
      const reports = await Promise.all([parent.end(), child.end("KILLED")]);
      assert.ok(Date.now() - began < 15_000);
      assert.deepEqual(
        reports.map(({ complete }) => complete),
        [false, false],
      );
      assert.match(said.at(-1) ?? "", /102 events .* npx histo mlflow sync/);

      await cp(directory, join(directory, "..", `${directory.split("/").at(-1)}-elsewhere`), { recursive: true });
      const elsewhere = `${directory}-elsewhere`;
      const spools = [join(elsewhere, "a-trial"), join(elsewhere, "z-parent")];
      for (let time = 0; time < 2; time++) {
        const synced = await syncSpools(spools, { trackingUri: server.url });
        assert.deepEqual(
          synced.map(({ complete }) => complete),
          [true, true],
          JSON.stringify(synced),
        );
      }
      const stored = await onlyRun(client, "spool/lost");
      assert.deepEqual(await historyOf(client, stored, "loss"), range(100));
      const trial = await onlyRun(client, "spool/lost-trials");
      assert.equal(trial.info.status, "KILLED");
      const link = trial.data.tags.find(({ key }) => key === "mlflow.parentRunId");
      assert.equal(link?.value, stored.info.run_id);
    });

    test("answers that get lost double nothing", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const gateway = await new Gateway(server.url).open();
      gateway.loseAnswersTo.push("/experiments/create", "/runs/create", "/runs/log-batch", "/runs/update");
      const run = await startSpooled(gateway.url, "spool/answers", directory);
      logSome(run, 0, 50);
      run.logParams({ lr: 0.1 });
      const report = await run.end();
      await gateway.close();
      assert.ok(report.complete, report.problem);
      assert.deepEqual(gateway.loseAnswersTo, []);
      assert.deepEqual(await historyOf(client, await onlyRun(client, "spool/answers"), "loss"), range(50));
    });

    test("a logged model is whole and its metrics are the run's own points, also if every answer about it gets lost", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const gateway = await new Gateway(server.url).open();
      const run = await startSpooled(gateway.url, "spool/model", join(directory, "spool"));
      const metrics = { auc: 0.9, "odd!": 0.5, undefinedHere: Number.NaN };
      run.logMetrics(metrics, 4);
      while (!gateway.requests.some((request) => request.endsWith("/runs/log-batch"))) await sleep(20);
      gateway.loseAnswersTo.push("/params", "/runs/log-batch", "/runs/outputs");
      await mkdir(join(directory, "exported"));
      await writeFile(join(directory, "exported", "model.onnx"), "content");
      await run.logModel(join(directory, "exported"), "model", {
        params: { rate: Number.NaN, size: 16 },
        metrics,
        step: 4,
      });
      const report = await run.end();
      await gateway.close();
      assert.deepEqual([report.complete, report.rejected, gateway.loseAnswersTo], [true, 0, []], report.problem);
      for (const key of ["auc", "odd_", "undefinedHere"]) {
        const { metrics } = await client.getMetricHistory(report.runId ?? "", key);
        assert.equal(metrics.length, 1, `${key}: ${JSON.stringify(metrics)}`);
      }
      const model = await readWithPython<unknown>(
        server.url,
        report,
        `
model, = client.search_logged_models([given["experimentId"]])
outputs = client.get_run(given["runId"]).outputs.model_outputs
result = [model.status.value, model.params, {m.key: [repr(m.value), m.step] for m in model.metrics}, [o.model_id for o in outputs] == [model.model_id]]`,
      );
      const values = { auc: ["0.9", 4], odd_: ["0.5", 4] };
      assert.deepEqual(model, ["READY", { rate: "NaN", size: "16" }, values, true]);
    });

    test("an upload that is cut is sent again, whole", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const gateway = await new Gateway(server.url).open();
      const run = await startSpooled(gateway.url, "spool/cut", join(directory, "spool"));
      const bytes = randomBytes(20_000_000);
      await writeFile(join(directory, "model.bin"), bytes);
      gateway.cutUploadAfter = 5_000_000;
      await run.logArtifact(join(directory, "model.bin"));
      const report = await run.end();
      await gateway.close();
      assert.ok(report.complete, report.problem);
      assert.equal(gateway.requests.filter((request) => request.endsWith("/model.bin")).length, 2);
      const stored = await onlyRun(client, "spool/cut");
      await client.downloadArtifacts(stored.info.run_id, join(directory, "back"));
      assert.ok(bytes.equals(await readFile(join(directory, "back", "model.bin"))));
    });

    test("a refusal stops the sending with one clear message, and the work goes on", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const authorization = `Basic ${Buffer.from("ann:secret").toString("base64")}`;
      const gateway = await new Gateway(server.url, { authorization }).open();
      const said: string[] = [];
      const run = await startSpooled(gateway.url, "spool/refused", directory, said);
      logSome(run, 0, 100);
      const report = await run.end();
      assert.equal(report.complete, false);
      assert.match(
        said[0] ?? "",
        /^Tracking stopped: .* 401.*Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD/,
      );
      assert.equal(said.filter((line) => line.includes("answered with 401")).length, 1, said.join("\n"));
      const withPassword = gateway.url.replace("//", "//ann:secret@");
      const [synced] = await syncSpools([directory], { trackingUri: withPassword });
      await gateway.close();
      assert.ok(synced?.complete, synced?.problem);
      assert.deepEqual(await historyOf(client, await onlyRun(client, "spool/refused"), "loss"), range(100));
      const kept = await readFile(join(directory, "delivery.json"), "utf8");
      assert.ok(!kept.includes("secret"), "no password on disk");
    });

    test("a run begun again in the same process goes on, whether it was ended or not", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const first = await startSpooled(server.url, "spool/again", directory);
      logSome(first, 0, 10);
      const second = await startSpooled(server.url, "spool/again", directory);
      assert.equal(second.runId, first.runId);
      logSome(second, 10, 20);
      const ending = second.end();
      const third = await startSpooled(server.url, "spool/again", directory);
      logSome(third, 20, 30);
      assert.ok((await ending).complete);
      assert.ok((await third.end()).complete);
      assert.match((await first.end()).problem ?? "", /restarted in the same directory/);
      const stored = await onlyRun(client, "spool/again");
      assert.equal(stored.info.status, "FINISHED");
      assert.deepEqual(await historyOf(client, stored, "loss"), range(30));
    });

    test("logging costs the caller less than a millisecond", async (context) => {
      const { server } = mlflow();
      const run = await startSpooled(server.url, "spool/cost", await temporaryDirectory(context));
      const took: number[] = [];
      for (let step = 0; step < 3000; step++) {
        const began = ownTime();
        run.logMetrics({ loss: Math.random(), auc: Math.random(), lr: 1e-3 }, step);
        took.push(ownTime() - began);
      }
      await run.end();
      took.sort((a, b) => a - b);
      const p99 = took[Math.floor(took.length * 0.99)] as number;
      assert.ok(p99 < 1, `99 of 100 calls take up to ${p99.toFixed(3)} ms`);
    });
  });
}
