/** @module Nothing is lost and nothing is doubled: the server away, cut connections, killed processes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../../src/files/index";
import { type ActiveRun, type Mlflow, type Run, startRun, syncSpools } from "../../../src/tracking/index";
import { Gateway } from "../../support/gateway";
import { type MlflowFixture, readWithPython } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

async function onlyRun(client: Mlflow, experiment: string): Promise<Run> {
  const { experiment_id } = await client.getExperimentByName(experiment);
  const { runs } = await client.searchRuns([experiment_id]);
  assert.equal(runs.length, 1, `${experiment} has ${runs.length} runs`);
  return runs[0] as Run;
}

async function historyOf(client: Mlflow, run: Run, key: string): Promise<number[]> {
  const { metrics } = await client.getMetricHistory(run.info.run_id, key);
  return metrics.map(({ step }) => step).sort((a, b) => a - b);
}

const range = (count: number) => Array.from({ length: count }, (_, step) => step);

export function spoolCases(mlflow: () => MlflowFixture): void {
  describe("spool", () => {
    const start = (trackingUri: string, experiment: string, spoolDirectory: string, said: string[] = []) =>
      startRun({
        experiment,
        trackingUri,
        spoolDirectory,
        systemMetrics: false,
        waitMs: 2000,
        say: (line) => void said.push(line),
      });
    const logSome = (run: ActiveRun, from: number, to: number) => {
      for (let step = from; step < to; step++) run.logMetric("loss", step / 7, step);
    };

    test("a server that is absent at the start, comes, goes and comes back has everything once", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const gateway = await new Gateway(server.url).open();
      await gateway.close();
      const said: string[] = [];
      const run = await start(gateway.url, "spool/away", directory, said);
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
      const parent = await start("http://127.0.0.1:1", "spool/lost", join(directory, "z-parent"), said);
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
      const run = await start(gateway.url, "spool/answers", directory);
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
      const run = await start(gateway.url, "spool/model", join(directory, "spool"));
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
      const run = await start(gateway.url, "spool/cut", join(directory, "spool"));
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
      const run = await start(gateway.url, "spool/refused", directory, said);
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

    test("a run that is deleted on the server meanwhile keeps its log, which is sent when it is restored", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const said: string[] = [];
      const run = await start(server.url, "spool/deleted", directory, said);
      await client.deleteRun(run.runId ?? "");
      logSome(run, 0, 300);
      const report = await run.end();
      assert.deepEqual([report.complete, report.pending, report.rejected], [false, 301, 0]);
      assert.match(report.problem ?? "", /must be in the 'active' state.*mlflow runs restore/);
      await client.restoreRun(run.runId ?? "");
      const [synced] = await syncSpools([directory], { trackingUri: server.url });
      assert.ok(synced?.complete, synced?.problem);
      assert.deepEqual(await historyOf(client, await onlyRun(client, "spool/deleted"), "loss"), range(300));
    });

    test("an experiment that is deleted between two runs is noticed, and said", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const first = await start(server.url, "spool/gone", join(directory, "first"));
      const { experimentId = "" } = await first.end();
      await client.deleteExperiment(experimentId);
      const second = await start(server.url, "spool/gone", join(directory, "second"));
      logSome(second, 0, 10);
      const report = await second.end();
      assert.equal(report.complete, false);
      assert.match(report.problem ?? "", /"spool\/gone" has been deleted on the server: restore it/);
      await client.restoreExperiment(experimentId);
      const [synced] = await syncSpools([join(directory, "second")], { trackingUri: server.url });
      assert.ok(synced?.complete, synced?.problem);
      assert.equal((await client.searchRuns([experimentId])).runs.length, 2);
    });

    test("what a process had logged when it was killed arrives, once", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      let logged = 0;
      for (let kill = 0; kill < 3; kill++) {
        // Continues the run of the same directory, logs as fast as it can and says how far it came.
        const program = `
          const { startRun } = require(${JSON.stringify(join(projectRoot(), "dist", "src", "tracking", "index.js"))});
          startRun({ experiment: "spool/killed", trackingUri: ${JSON.stringify(server.url)}, systemMetrics: false,
            spoolDirectory: ${JSON.stringify(directory)}, waitMs: 0 }).then((run) => {
            let step = ${logged};
            setInterval(() => {
              for (let i = 0; i < 20; i++) run.logMetric("loss", step / 7, step++, 1700000000000 + step);
              require("fs").writeSync(1, step + "\\n");
            }, 5);
          });`;
        const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          logged = Number(text.trim().split("\n").at(-1));
        });
        while (logged === 0) await sleep(10);
        await sleep(300 + 500 * Math.random());
        child.kill("SIGKILL");
        await new Promise((done) => child.once("close", done));
      }
      const run = await start(server.url, "spool/killed", directory);
      const report = await run.end();
      assert.ok(report.complete, report.problem);
      const steps = await historyOf(client, await onlyRun(client, "spool/killed"), "loss");
      // The last points may have been logged after what was said; the next process then logs these steps once more.
      assert.deepEqual([...new Set(steps)], range(steps.at(-1)! + 1));
      assert.equal(steps.length, new Set(steps).size, "the same point twice");
      assert.ok(steps.length >= logged, `${steps.length} of ${logged}`);
    });

    test("a journal that was cut is sent again from its start, and doubles and refuses nothing", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const journal = join(directory, "events.jsonl");
      const first = await start(server.url, "spool/truncated", directory);
      await first.logText("content", "file.txt");
      logSome(first, 0, 100);
      assert.ok((await first.end()).complete);
      const whole = (await stat(journal)).size;
      await truncate(journal, Math.floor(whole / 2));
      // What is logged then ends before, and in the second round behind, the place to which the journal had been sent.
      for (const [from, to] of [
        [100, 110],
        [110, 400],
      ] as const) {
        const next = await start(server.url, "spool/truncated", directory);
        logSome(next, from, to);
        const report = await next.end();
        assert.deepEqual([report.complete, report.rejected], [true, 0], report.problem);
        const size = Math.floor((await stat(journal)).size / 2);
        if (to === 110) await truncate(journal, size);
      }
      assert.deepEqual(await historyOf(client, await onlyRun(client, "spool/truncated"), "loss"), range(400));
    });

    test("a spool that was sent is not refused by the same server under another name", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const run = await start(server.url, "spool/alias", directory);
      await run.logText("content", "folder/file.txt");
      logSome(run, 0, 10);
      assert.ok((await run.end()).complete);
      const [synced] = await syncSpools([directory], { trackingUri: server.url.replace("127.0.0.1", "localhost") });
      assert.deepEqual([synced?.complete, synced?.rejected], [true, 0], synced?.problem);
      assert.deepEqual(await historyOf(client, await onlyRun(client, "spool/alias"), "loss"), range(10));
    });

    test("a disk that takes nothing for a while does not end the sending", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const state = join(directory, "delivery.json");
      const run = await start(server.url, "spool/disk", directory);
      logSome(run, 0, 10);
      while (!existsSync(state)) await sleep(20);
      await sleep(500);
      // Stands for a full disk: the state cannot be written.
      await rm(state);
      await mkdir(join(state, "in the way"), { recursive: true });
      logSome(run, 10, 20);
      await run.logText("content", "file.txt");
      await sleep(1500);
      assert.deepEqual(
        (await readdir(directory)).filter((name) => name.includes(".tmp-")),
        [],
      );
      await rm(state, { recursive: true });
      logSome(run, 20, 30);
      const report = await run.end();
      assert.deepEqual([report.complete, report.rejected], [true, 0], report.problem);
      assert.deepEqual(await historyOf(client, await onlyRun(client, "spool/disk"), "loss"), range(30));
    });

    test("a run begun again in the same process goes on, whether it was ended or not", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const first = await start(server.url, "spool/again", directory);
      logSome(first, 0, 10);
      const second = await start(server.url, "spool/again", directory);
      assert.equal(second.runId, first.runId);
      logSome(second, 10, 20);
      const ending = second.end();
      const third = await start(server.url, "spool/again", directory);
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
      const run = await start(server.url, "spool/cost", await temporaryDirectory(context));
      const took: number[] = [];
      for (let step = 0; step < 3000; step++) {
        const began = process.hrtime.bigint();
        run.logMetrics({ loss: Math.random(), auc: Math.random(), lr: 1e-3 }, step);
        took.push(Number(process.hrtime.bigint() - began) / 1e6);
      }
      await run.end();
      took.sort((a, b) => a - b);
      const p99 = took[Math.floor(took.length * 0.99)] as number;
      assert.ok(p99 < 1, `99 of 100 calls take up to ${p99.toFixed(3)} ms`);
    });
  });
}
