/**
 * @module Tracking against Python's MLflow client on the same local server: 20,000 metric points (Python: `log_batch` of
 * 1000, its fastest way) and a 500 MB artifact, each from the creation of a run to its end. Rounds take turns; medians.
 *
 * The server has one processor and both clients have the others where the system lets them (`taskset`), as with a remote
 * server: otherwise its threads wait for the client's, and what is measured is how three busy threads share two cores.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../src/files/index";
import { type LocalServer, startLocalServer, startRun } from "../src/tracking/index";
import type { BenchmarkContext } from "./benchmark";
import { everyProcessor, keepTo } from "./processors";

const FULL = { points: 20_000, artifactBytes: 500_000_000, rounds: 7 };
const QUICK = { points: 2_000, artifactBytes: 20_000_000, rounds: 1 };

interface Times {
  /** Seconds for all points and for the artifact. */
  readonly pointsSeconds: number;
  readonly artifactSeconds: number;
}

interface Result {
  readonly name: string;
  /** `callMicroseconds99`: what 99 of 100 logging calls cost the caller at most. */
  readonly ours: Times & { readonly callMicroseconds99: number };
  readonly peer: Times & { readonly name: string };
  /** The worse of the two ratios. */
  readonly ratio: number;
  readonly ratios: { readonly points: number; readonly artifact: number };
  /** The server had a processor of its own. */
  readonly serverApart: boolean;
}

const PYTHON = `
import sys, time, json, mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric
client = MlflowClient()
experiment = client.create_experiment("python-" + str(time.time()))
began = time.perf_counter()
run = client.create_run(experiment).info.run_id
for start in range(0, int(sys.argv[2]), 1000):
    client.log_batch(run, [Metric("loss", step / 7, 1700000000000 + step, step) for step in range(start, start + 1000)])
client.set_terminated(run)
points = time.perf_counter() - began
began = time.perf_counter()
run = client.create_run(experiment).info.run_id
client.log_artifact(run, sys.argv[1])
client.set_terminated(run)
print(json.dumps({"pointsSeconds": points, "artifactSeconds": time.perf_counter() - began, "version": mlflow.__version__}))
`;

/** @throws where the project's Python tools are not set up */
export async function run({ progress, budget, quick = false }: BenchmarkContext): Promise<Result> {
  const { points, artifactBytes, rounds } = quick ? QUICK : FULL;
  const python = join(projectRoot(), ".venv", "bin", "python");
  const directory = await mkdtemp(join(tmpdir(), "histo-bench-"));
  let server: LocalServer | undefined;
  let together: (() => void) | undefined;
  try {
    server = await startLocalServer({ directory: join(directory, "server"), python });
    together = keepApart(server);
    const artifact = join(directory, "model.bin");
    await writeRandomFile(artifact, artifactBytes);
    const ours: (Times & { calls: number })[] = [];
    const peer: (Times & { version: string })[] = [];
    await budget.rounds(rounds, async (round) => {
      const folder = join(directory, `round-${round}`);
      const measureOurs = async () => ours.push(await timeOurs((server as LocalServer).url, folder, artifact, points));
      const measurePeer = async () =>
        peer.push(await timePython(python, (server as LocalServer).url, artifact, points));
      // The first of a round meets an emptier disk queue: they take turns.
      for (const measure of round % 2 === 0 ? [measurePeer, measureOurs] : [measureOurs, measurePeer]) {
        budget.signal.throwIfAborted();
        await measure();
        await rm(join(directory, "server", "artifacts"), { recursive: true, force: true });
      }
      progress.say(`round ${round + 1}: ours ${show(ours[round])}; Python ${show(peer[round])}`);
    });
    const mine = medians(ours);
    const theirs = medians(peer);
    const ratios = {
      points: theirs.pointsSeconds / mine.pointsSeconds,
      artifact: theirs.artifactSeconds / mine.artifactSeconds,
    };
    return {
      name: "tracking",
      ours: { ...mine, callMicroseconds99: median(ours.map(({ calls }) => calls)) },
      peer: { name: `Python mlflow ${peer[0]?.version}`, ...theirs },
      ratio: Math.min(ratios.points, ratios.artifact),
      ratios,
      serverApart: together !== undefined,
    };
  } finally {
    together?.();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Keeps the server to the first processor, this process and its children to the others.
 * @returns what lets this process run everywhere again; nothing where the system has no `taskset`, or one processor
 */
function keepApart({ pid }: LocalServer): (() => void) | undefined {
  const last = availableParallelism() - 1;
  if (last < 1) return undefined;
  const every = everyProcessor();
  try {
    const group = execFileSync("pgrep", ["-g", String(pid)], { encoding: "utf8" });
    for (const member of group.trim().split("\n")) keepTo("0", member);
    keepTo(`1-${last}`);
    return () => keepTo(every);
  } catch {
    return undefined;
  }
}

async function timeOurs(
  trackingUri: string,
  directory: string,
  artifact: string,
  count: number,
): Promise<Times & { calls: number }> {
  const options = { experiment: "ours", trackingUri, systemMetrics: false } as const;
  let began = performance.now();
  const points = await startRun({ ...options, spoolDirectory: join(directory, "points") });
  const calls: number[] = [];
  for (let step = 0; step < count; step++) {
    const before = performance.now();
    points.logMetric("loss", step / 7, step);
    calls.push(1000 * (performance.now() - before));
  }
  expectComplete(await points.end());
  const pointsSeconds = (performance.now() - began) / 1000;
  began = performance.now();
  const model = await startRun({ ...options, spoolDirectory: join(directory, "artifact") });
  await model.logArtifact(artifact);
  expectComplete(await model.end());
  calls.sort((a, b) => a - b);
  return {
    pointsSeconds,
    artifactSeconds: (performance.now() - began) / 1000,
    calls: calls[Math.floor(0.99 * count)] as number,
  };
}

function expectComplete({ complete, problem }: { complete: boolean; problem?: string }): void {
  if (!complete) throw new Error(`not delivered: ${problem}`);
}

async function timePython(
  python: string,
  url: string,
  artifact: string,
  count: number,
): Promise<Times & { version: string }> {
  const child = spawn(python, ["-W", "ignore", "-c", PYTHON, artifact, String(count)], {
    env: {
      ...process.env,
      MLFLOW_TRACKING_URI: url,
      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false",
      DO_NOT_TRACK: "true",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const status = await new Promise((done) => child.on("close", done));
  if (status !== 0) throw new Error(`Python ended with ${status}`);
  return JSON.parse(output.trimEnd().split("\n").at(-1) ?? "") as Times & { version: string };
}

async function writeRandomFile(path: string, bytes: number): Promise<void> {
  const handle = await open(path, "w");
  const slice = Buffer.alloc(10_000_000);
  for (let written = 0; written < bytes; written += slice.length) {
    randomFillSync(slice);
    await handle.write(slice, 0, Math.min(slice.length, bytes - written));
  }
  await handle.close();
}

function medians(times: readonly Times[]): Times {
  return {
    pointsSeconds: median(times.map(({ pointsSeconds }) => pointsSeconds)),
    artifactSeconds: median(times.map(({ artifactSeconds }) => artifactSeconds)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}

function show(times: Times | undefined): string {
  return `${times?.pointsSeconds.toFixed(2)} s, ${times?.artifactSeconds.toFixed(2)} s`;
}
