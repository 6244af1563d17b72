/** @module Nothing is lost and nothing is doubled: runs deleted on the server, killed processes, cut journals, a full disk. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../../src/files/index";
import { syncSpools } from "../../../src/tracking/index";
import type { MlflowFixture } from "../../support/mlflow";
import { historyOf, logSome, onlyRun, range, startSpooled } from "../../support/spooled-runs";
import { temporaryDirectory } from "../../support/temporary-directory";

export function damagedSpoolCases(mlflow: () => MlflowFixture): void {
  describe("damaged spool", () => {
    test("a run that is deleted on the server meanwhile keeps its log, which is sent when it is restored", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const said: string[] = [];
      const run = await startSpooled(server.url, "spool/deleted", directory, said);
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
      const first = await startSpooled(server.url, "spool/gone", join(directory, "first"));
      const { experimentId = "" } = await first.end();
      await client.deleteExperiment(experimentId);
      const second = await startSpooled(server.url, "spool/gone", join(directory, "second"));
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
      const run = await startSpooled(server.url, "spool/killed", directory);
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
      const first = await startSpooled(server.url, "spool/truncated", directory);
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
        const next = await startSpooled(server.url, "spool/truncated", directory);
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
      const run = await startSpooled(server.url, "spool/alias", directory);
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
      const run = await startSpooled(server.url, "spool/disk", directory);
      logSome(run, 0, 10);
      while (!existsSync(state)) await sleep(20);
      await sleep(500);
      // Stands for a full disk: the state cannot be written.
      await rm(state);
      await mkdir(join(state, "in the way"), { recursive: true });
      logSome(run, 10, 20);
      await run.logText("content", "file.txt");
      await sleep(1500);
      // A file that is just being written may exist; it must be gone soon after.
      const temporary = async () => (await readdir(directory)).filter((name) => name.includes(".tmp-"));
      const earlier = await temporary();
      await sleep(1000);
      const left = (await temporary()).filter((name) => earlier.includes(name));
      assert.deepEqual(left, []);
      await rm(state, { recursive: true });
      logSome(run, 20, 30);
      const report = await run.end();
      assert.deepEqual([report.complete, report.rejected], [true, 0], report.problem);
      assert.deepEqual(await historyOf(client, await onlyRun(client, "spool/disk"), "loss"), range(30));
    });
  });
}
