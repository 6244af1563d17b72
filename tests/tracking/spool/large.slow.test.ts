/** @module Much data and rough ends: 20,000 points, a 1.4 GB model, servers and clients that are killed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { open, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../../src/files/index";
import { startLocalServer, startRun, syncSpools } from "../../../src/tracking/index";
import { type MlflowFixture, readWithPython, startMlflow } from "../../support/mlflow";
import { pythonPath, withoutPython } from "../../support/python";
import { temporaryDirectory } from "../../support/temporary-directory";

const tracking = JSON.stringify(join(projectRoot(), "dist", "src", "tracking", "index.js"));

describe("with an MLflow server", { skip: withoutPython() }, () => {
  let mlflow: MlflowFixture;
  before(async () => {
    mlflow = await startMlflow();
  });
  after(() => mlflow?.close());

  const options = (spoolDirectory: string, experiment: string) => ({
    experiment,
    spoolDirectory,
    trackingUri: mlflow.server.url,
    systemMetrics: false as const,
    waitMs: 60_000,
  });

  test("Python reads back 20,000 points of one metric, each of them", async (context) => {
    const run = await startRun(options(await temporaryDirectory(context), "large/points"));
    for (let step = 0; step < 20_000; step++) run.logMetric("loss", Math.sin(step), step, 1_700_000_000_000 + step);
    const report = await run.end();
    assert.ok(report.complete, report.problem);
    const points = await readWithPython<[number, number, number][]>(
      mlflow.server.url,
      run.runId,
      `result = [[m.step, m.value, m.timestamp] for m in client.get_metric_history(given, "loss")]`,
    );
    assert.equal(points.length, 20_000);
    points.sort(([a], [b]) => a - b);
    for (const [index, [step, value, timestamp]] of points.entries()) {
      assert.deepEqual([step, value, timestamp], [index, Math.sin(index), 1_700_000_000_000 + index]);
    }
  });

  test("a 1.4 GB model goes up and comes down in under 150 MB of memory", async (context) => {
    const directory = await temporaryDirectory(context);
    const model = join(directory, "weights.safetensors");
    await writeFile(model, randomBytes(1_000_000));
    await truncate(model, 1_440_000_000);
    const end = await open(model, "r+");
    await end.write(randomBytes(1_000_000), 0, 1_000_000, 1_439_000_000);
    await end.close();
    const child = await runNode(`
      const { startRun, Mlflow } = require(${tracking});
      const fs = require("node:fs");
      const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
      (async () => {
        const run = await startRun(${JSON.stringify(options(join(directory, "spool"), "large/model"))});
        await run.logArtifact(${JSON.stringify(model)}, "best");
        const report = await run.end();
        const up = peak();
        const client = new Mlflow(${JSON.stringify(mlflow.server.url)});
        await client.downloadArtifacts(run.runId, ${JSON.stringify(join(directory, "back"))});
        client.close();
        console.log(JSON.stringify({ complete: report.complete, problem: report.problem, up, both: peak() }));
      })();`);
    const result = JSON.parse(child.output) as { complete: boolean; problem?: string; up: number; both: number };
    assert.ok(result.complete, result.problem);
    context.diagnostic(
      `peak memory: ${result.up.toFixed(0)} MB after upload, ${result.both.toFixed(0)} MB after download`,
    );
    assert.ok(result.both < 150, `${result.both} MB`);
    const back = join(directory, "back", "best", "weights.safetensors");
    assert.equal((await stat(back)).size, 1_440_000_000);
    assert.ok(await sameContent(model, back));
  });

  test("a client killed in an upload leaves nothing wrong; its spool is sent later", async (context) => {
    const directory = await temporaryDirectory(context);
    const bytes = randomBytes(300_000_000);
    const model = join(directory, "model.bin");
    await writeFile(model, bytes);
    const spool = join(directory, "spool");
    const killed = spawn(
      process.execPath,
      [
        "-e",
        `const { startRun } = require(${tracking});
        startRun(${JSON.stringify(options(spool, "large/killed"))}).then(async (run) => {
          run.logMetric("loss", 1, 1, 5);
          await run.logArtifact(${JSON.stringify(model)});
          console.log("spooled");
          await run.end();
        });`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await new Promise((done) => killed.stdout.once("data", done));
    await sleep(50 + 200 * Math.random());
    killed.kill("SIGKILL");
    await new Promise((done) => killed.once("close", done));
    const [report] = await syncSpools([spool], { trackingUri: mlflow.server.url });
    assert.ok(report?.complete, report?.problem);
    const { experiment_id } = await mlflow.client.getExperimentByName("large/killed");
    const { runs } = await mlflow.client.searchRuns([experiment_id]);
    assert.equal(runs.length, 1);
    await mlflow.client.downloadArtifacts(report?.runId ?? "", join(directory, "back"));
    assert.ok(bytes.equals(await readFile(join(directory, "back", "model.bin"))));
  });

  test("a server killed at any moment and started again has everything once", async (context) => {
    const directory = await temporaryDirectory(context);
    const place = { directory: join(directory, "server"), python: pythonPath() ?? "", timeoutMs: 240_000 };
    let server = await startLocalServer(place);
    const port = Number(new URL(server.url).port);
    const run = await startRun({ ...options(join(directory, "spool"), "killed"), trackingUri: server.url });
    let step = 0;
    for (let round = 0; round < 2; round++) {
      const stopLogging = Date.now() + 400 + 800 * Math.random();
      while (Date.now() < stopLogging) {
        for (let i = 0; i < 100; i++) run.logMetric("loss", step / 3, step++);
        await sleep(5);
      }
      process.kill(-server.pid, "SIGKILL");
      server = await startLocalServer({ ...place, port });
    }
    const report = await run.end();
    assert.ok(report.complete, report.problem);
    const steps = await readWithPython<number[]>(
      server.url,
      run.runId,
      `result = sorted(m.step for m in client.get_metric_history(given, "loss"))`,
    );
    await server.stop();
    assert.deepEqual(
      steps,
      Array.from({ length: step }, (_, index) => index),
    );
  });
});

function runNode(program: string): Promise<{ output: string }> {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((done) => child.on("close", () => done({ output })));
}

async function sameContent(a: string, b: string): Promise<boolean> {
  const [one, two] = await Promise.all([open(a), open(b)]);
  try {
    const [left, right] = [Buffer.alloc(1 << 22), Buffer.alloc(1 << 22)];
    for (;;) {
      const { bytesRead } = await one.read(left);
      await two.read(right, 0, left.length);
      if (!left.subarray(0, bytesRead).equals(right.subarray(0, bytesRead))) return false;
      if (bytesRead === 0) return true;
    }
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
}
