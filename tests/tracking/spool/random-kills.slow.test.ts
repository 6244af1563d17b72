/**
 * @module Pulling the plug at random moments, of clients and of the server, twenty times: Python's client then sees every
 * acknowledged point exactly once, and at no time one without those before it.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../../src/files/index";
import { Random } from "../../../src/random/index";
import { type LocalServer, Mlflow, startLocalServer } from "../../../src/tracking/index";
import { readWithPython } from "../../support/mlflow";
import { pythonPath, withoutPython } from "../../support/python";
import { temporaryDirectory } from "../../support/temporary-directory";

const SEEDS = 20;
const EXPERIMENT = "random-kills";

/** Begins or continues the run of its directory; each process has metric and files of its own, and says what is logged. */
const LOGGER = `
const { writeSync } = require("node:fs");
const { startRun } = require(${JSON.stringify(join(projectRoot(), "dist", "src", "tracking", "index.js"))});
const [, spoolDirectory, trackingUri, key, seed] = process.argv;
startRun({ experiment: "${EXPERIMENT}", runName: "seed-" + seed, spoolDirectory, trackingUri, systemMetrics: false, waitMs: 0,
  say: () => undefined }).then((run) => {
  let step = 0;
  let file = 0;
  setInterval(() => {
    for (let i = 0; i < 10; i++) run.logMetric(key, Math.sin(step), step, 1700000000000 + step++);
    run.setTag(key, step);
    writeSync(1, "step " + step + "\\n");
  }, 4);
  const logFiles = async () => {
    for (;;) {
      const name = key + "/" + file + ".txt";
      await run.logText(name.repeat(500), name);
      writeSync(1, "file " + ++file + "\\n");
      await new Promise((done) => setTimeout(done, 60));
    }
  };
  void logFiles();
});`;

interface Acknowledged {
  steps: number;
  files: number;
}

async function logUntilKilled(directory: string, url: string, key: string, seed: number, milliseconds: number) {
  const acknowledged: Acknowledged = { steps: 0, files: 0 };
  const child = spawn(process.execPath, ["-e", LOGGER, directory, url, key, String(seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.setEncoding("utf8");
  let rest = "";
  child.stdout.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [kind, count] = line.split(" ");
      acknowledged[kind === "step" ? "steps" : "files"] = Number(count);
    }
  });
  await sleep(milliseconds);
  child.kill("SIGKILL");
  await closed(child);
  return acknowledged;
}

/** Runs `histo mlflow sync` and returns its exit status. */
async function sync(directory: string, url: string): Promise<number | null> {
  const command = [join(projectRoot(), "bin", "histo.cjs"), "mlflow", "sync", directory, "--tracking-uri", url];
  const child = spawn(process.execPath, command, { stdio: "ignore" });
  await closed(child);
  return child.exitCode;
}

function closed(child: ChildProcess): Promise<unknown> {
  return new Promise((done) => child.once("close", done));
}

const READ_BACK = `
import hashlib
experiment = client.get_experiment_by_name("${EXPERIMENT}")
result = {}
for run in client.search_runs([experiment.experiment_id], max_results=1000):
    history = {key: [[m.step, m.value, m.timestamp] for m in client.get_metric_history(run.info.run_id, key)] for key in run.data.metrics}
    folder = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=os.path.join(given, run.info.run_name))
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            files[os.path.relpath(path, folder)] = hashlib.sha256(open(path, "rb").read()).hexdigest()
    result.setdefault(run.info.run_name, []).append({"history": history, "tags": run.data.tags, "files": files})`;

interface ReadBack {
  history: Record<string, [number, number, number][]>;
  tags: Record<string, string>;
  files: Record<string, string>;
}

describe("killed at random moments", { skip: withoutPython() }, () => {
  test(`${SEEDS} runs lose and double nothing`, { timeout: 600_000 }, async (context) => {
    const directory = await temporaryDirectory(context);
    const place = { directory: join(directory, "server"), python: pythonPath() ?? "", timeoutMs: 240_000 };
    let server = await startLocalServer(place);
    const { url } = server;
    let kills = 0;
    let lastKill = Number.POSITIVE_INFINITY;
    /** Kills the server at random moments, and leaves it running after the last time. */
    const killServer = async (): Promise<LocalServer> => {
      const random = new Random(0, "server");
      while (kills < lastKill) {
        await sleep(random.uniform(1000, 4000));
        process.kill(-server.pid, "SIGKILL");
        kills++;
        server = await startLocalServer({ ...place, port: Number(new URL(url).port) });
        await expectPrefixes(url);
      }
      return server;
    };
    const killing = killServer();
    context.after(async () => (await killing.catch(() => server)).stop());

    const acknowledged = new Map<string, Acknowledged>();
    const oneSeed = async (seed: number) => {
      const random = new Random(seed, "client");
      const processes = random.integer(3) + 1;
      for (let i = 0; i < processes; i++) {
        const milliseconds = random.uniform(150, 2500);
        const spool = join(directory, "runs", `seed-${seed}`, "tracking");
        acknowledged.set(`${seed}/p${i}`, await logUntilKilled(spool, url, `p${i}`, seed, milliseconds));
      }
    };
    const seeds = Array.from({ length: SEEDS }, (_, seed) => seed + 1);
    const lanes = [0, 1].map(async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) await oneSeed(seed);
    });
    await Promise.all(lanes);
    // What is left is sent by others, and the server is killed twice more meanwhile.
    lastKill = kills + 2;
    for (let attempt = 1; (await sync(join(directory, "runs"), url)) !== 0; attempt++) {
      assert.ok(attempt < 100, "sync ends");
      await sleep(500);
    }
    await killing;

    const back = await readWithPython<Record<string, ReadBack[]>>(url, join(directory, "python"), READ_BACK);
    let points = 0;
    let files = 0;
    for (const [name, { steps, files: fileCount }] of acknowledged) {
      const [seed, key = ""] = name.split("/");
      const found = back[`seed-${seed}`] ?? [];
      if (steps > 0) assert.equal(found.length, 1, `seed ${seed}: ${found.length} runs`);
      const run = found[0];
      const history = run?.history[key] ?? [];
      const expected = history.map((_, step) => [step, Math.sin(step), 1_700_000_000_000 + step]);
      history.sort(([a], [b]) => a - b);
      assert.deepEqual(history, expected, `${name}: every step once`);
      assert.ok(history.length >= steps, `${name}: ${history.length} of ${steps} acknowledged points`);
      if (steps > 0)
        assert.ok(Number(run?.tags[key]) >= steps, `${name}: the last tag is ${run?.tags[key]} of ${steps}`);
      for (let file = 0; file < fileCount; file++) {
        const path = `${key}/${file}.txt`;
        const sha256 = createHash("sha256").update(path.repeat(500)).digest("hex");
        assert.equal(run?.files[path], sha256, `seed ${seed}, ${path}`);
      }
      points += steps;
      files += fileCount;
    }
    context.diagnostic(
      `${acknowledged.size} clients and ${kills} servers killed; ${points} points and ${files} files acknowledged`,
    );
    assert.ok(points > 10_000 && files > 20 && kills >= 3, `${points} points, ${files} files, ${kills} servers`);
  });
});

/** At any moment the server has the first points of every metric, without a gap. */
async function expectPrefixes(url: string): Promise<void> {
  const client = new Mlflow(url);
  try {
    const { experiments } = await client.searchExperiment(`name = '${EXPERIMENT}'`);
    const { runs } = await client.searchRuns(experiments.map(({ experiment_id }) => experiment_id));
    for (const { info, data } of experiments.length > 0 ? runs : []) {
      for (const { key } of data.metrics) {
        const { metrics } = await client.getMetricHistory(info.run_id, key);
        const last = Math.max(...metrics.map(({ step }) => step));
        assert.equal(metrics.length, last + 1, `${info.run_name} ${key}: ${metrics.length} points up to step ${last}`);
      }
    }
  } finally {
    client.close();
  }
}
