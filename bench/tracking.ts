/**
 * @module Tracking against Python's MLflow client on the same local server: 20,000 metric points (Python: `log_batch` of
 * 1000, its fastest way) and a 500 MB artifact, each from the creation of a run to its end. Rounds alternate; medians.
 *
 * Where the system has `taskset`, the server gets one processor and the clients get the others, as with a remote server.
 * Otherwise the server's threads wait for the client's, which measures how three busy threads share two cores.
 */
import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { projectPython } from "../src/files/index";
import { type LocalServer, startLocalServer, startRun } from "../src/tracking/index";
import type { BenchmarkContext } from "./benchmark";
import { median } from "./median";
import { measurePeer } from "./processes";
import { everyProcessor, keepTo } from "./processors";
import { inTemporaryFolder } from "./temporary-folder";

const FULL = { points: 20_000, artifactBytes: 500_000_000, rounds: 7 };
const QUICK = { points: 2_000, artifactBytes: 20_000_000, rounds: 1 };

interface Times {
  /** For all points, and for the artifact. */
  readonly pointsSeconds: number;
  readonly artifactSeconds: number;
}

interface Result {
  readonly name: string;
  /** `callMicroseconds99`: 99th percentile of a logging call's duration. */
  readonly ours: Times & { readonly callMicroseconds99: number };
  readonly peer: Times & { readonly name: string };
  /** The worse of the two ratios. */
  readonly ratio: number;
  readonly ratios: { readonly points: number; readonly artifact: number };
  /** True where the server had its own processor. */
  readonly serverApart: boolean;
}

const PYTHON = `
import os, sys, time, json
os.environ.update(MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false", DO_NOT_TRACK="true", MLFLOW_TRACKING_URI=sys.argv[3])
import mlflow
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
export function run(context: BenchmarkContext): Promise<Result> {
  return inTemporaryFolder(async (directory) => {
    const server = await startLocalServer({ directory: join(directory, "server"), python: projectPython() });
    const together = keepApart(server);
    try {
      return await runOn(server, directory, together !== undefined, context);
    } finally {
      together?.();
      await server.stop();
    }
  });
}

async function runOn(
  { url }: LocalServer,
  directory: string,
  serverApart: boolean,
  { progress, budget, quick = false }: BenchmarkContext,
): Promise<Result> {
  const { points, artifactBytes, rounds } = quick ? QUICK : FULL;
  const artifact = join(directory, "model.bin");
  await writeRandomFile(artifact, artifactBytes);
  const ours: (Times & { calls: number })[] = [];
  const peer: (Times & { version: string })[] = [];
  await budget.rounds(rounds, async (round) => {
    const folder = join(directory, `round-${round}`);
    const argv = ["-W", "ignore", "-c", PYTHON, artifact, String(points), url];
    const timeOur = async () => ours.push(await timeOurs(url, folder, artifact, points));
    const timePeer = async () => peer.push(await measurePeer({ budget }, projectPython(), argv));
    // The first of a round finds an emptier disk queue, so they alternate.
    for (const measure of round % 2 === 0 ? [timePeer, timeOur] : [timeOur, timePeer]) {
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
    serverApart,
  };
}

/**
 * Moves the server to the first processor, and this process and its children to the others.
 * @returns a function that undoes this for this process; nothing where the system has no `taskset` or one processor
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

function show(times: Times | undefined): string {
  return `${times?.pointsSeconds.toFixed(2)} s, ${times?.artifactSeconds.toFixed(2)} s`;
}
