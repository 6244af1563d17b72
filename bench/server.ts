/**
 * @module The server against FastAPI, uvicorn and onnxruntime in Python: the same model file, the same tiles, the same load
 * generator, one after the other. The peer runs in two ways, as one process with all threads and as one process for each
 * core, and the faster of the two counts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import autocannon = require("autocannon");

import { HistoError } from "../src/errors/index";
import { projectRoot } from "../src/files/index";
import { silentProgress } from "../src/progress/index";
import { writeModel } from "../tests/support/served-model";
import { peerPython } from "./python-peers";

const CONNECTIONS = [1, 8, 64] as const;
const SECONDS = 5;
const TILES = 32;

/** What a server did at one number of connections. */
interface Measured {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

type ByConnections = Readonly<Record<`connections${(typeof CONNECTIONS)[number]}`, Measured>>;

interface Result {
  readonly name: "server";
  readonly ours: ByConnections;
  readonly peer: ByConnections & { readonly name: string };
  /** Requests per second, ours by the peer's: geometric mean over the numbers of connections. */
  readonly ratio: number;
  readonly ratios: Readonly<Record<string, number>>;
}

interface Context {
  readonly progress?: { say(line: string): void };
  /** One second for each measurement instead of five. */
  readonly quick?: boolean;
  /** Model directory; by default an int8 MLP of 150528-256-64-1 units with random weights. */
  readonly model?: string;
}

/** Runs the benchmark. @throws {HistoError} `PEER_MISSING`, `BENCH_FAILED` */
export async function run({ progress = silentProgress, model: given, quick = false }: Context = {}): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), "histo-bench-"));
  try {
    const requirements = join(projectRoot(), "bench", "requirements-server.txt");
    const python = await peerPython((await readFile(requirements, "utf8")).trim().split("\n"));
    const model =
      given ?? (await writeModel(join(directory, "model"), { size: 224, hidden: [256, 64], variant: "int8" }));
    const tiles = await syntheticTiles(join(directory, "tiles"));
    const cores = availableParallelism();
    const seconds = quick ? 1 : SECONDS;

    const ours = await measure("histo serve", await startOurs(model), tiles, seconds, progress);
    const threaded = await measure(
      "FastAPI, 1 process",
      await startPeer(python, model, 1, cores),
      tiles,
      seconds,
      progress,
    );
    const forked = await measure(
      `FastAPI, ${cores} processes`,
      await startPeer(python, model, cores, 1),
      tiles,
      seconds,
      progress,
    );
    agree(ours.logits, threaded.logits);

    const peer = fasterOf(threaded.measured, forked.measured);
    const ratios = Object.fromEntries(
      keys().map((key) => [key, ours.measured[key].requestsPerSecond / peer[key].requestsPerSecond]),
    );
    const product = Object.values(ratios).reduce((sum, ratio) => sum * ratio, 1);
    return {
      name: "server",
      ours: ours.measured,
      peer: { name: "FastAPI, uvicorn and onnxruntime (the faster of 1 process and one for each core)", ...peer },
      ratio: product ** (1 / CONNECTIONS.length),
      ratios,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function keys(): (keyof ByConnections)[] {
  return CONNECTIONS.map((connections) => `connections${connections}` as const);
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function startOurs(model: string): Promise<Running> {
  const port = await freePort();
  const options = ["serve", "--model", model, "--port", String(port), "--quiet", "--log-level", "info"];
  const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...options], { stdio: "ignore" });
  return ready({ child, url: `http://127.0.0.1:${port}` });
}

async function startPeer(python: string, model: string, workers: number, threads: number): Promise<Running> {
  const port = await freePort();
  const argv = ["-m", "uvicorn", "peer-server:app", "--app-dir", join(projectRoot(), "bench"), "--port", String(port)];
  const child = spawn(python, [...argv, "--workers", String(workers), "--no-access-log", "--log-level", "error"], {
    stdio: "ignore",
    env: { ...process.env, MODEL: model, THREADS: String(threads) },
  });
  return ready({ child, url: `http://127.0.0.1:${port}` });
}

async function ready(running: Running): Promise<Running> {
  for (let i = 0; i < 300; i++) {
    const answer = await fetch(`${running.url}/readyz`).catch(() => undefined);
    if (answer?.ok) return running;
    if (running.child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  running.child.kill("SIGKILL");
  throw new HistoError("BENCH_FAILED", "A server of the benchmark did not become ready.");
}

/** Asks for the logits of all tiles, then loads the server, then ends it. */
async function measure(
  name: string,
  { child, url }: Running,
  tiles: readonly Buffer[],
  seconds: number,
  progress: { say(line: string): void },
): Promise<{ measured: ByConnections; logits: number[] }> {
  const headers = { "content-type": "image/png" };
  try {
    const logits: number[] = [];
    for (const body of tiles) {
      const response = await fetch(`${url}/predict`, { method: "POST", body: body as BodyInit, headers });
      logits.push(((await response.json()) as { logit: number }).logit);
    }
    const requests = tiles.map((body) => ({ method: "POST", path: "/predict", body, headers }));
    const measured: Partial<Record<keyof ByConnections, Measured>> = {};
    for (const connections of CONNECTIONS) {
      await autocannon({ url, connections, duration: 1, requests });
      const {
        requests: done,
        latency,
        errors,
        non2xx,
      } = await autocannon({ url, connections, duration: seconds, requests });
      const result = {
        requestsPerSecond: done.average,
        p50Ms: latency.p50,
        p99Ms: latency.p99,
        failed: errors + non2xx,
      };
      measured[`connections${connections}`] = result;
      progress.say(
        `${name}, ${connections} connections: ${done.average.toFixed(0)} requests/s, p50 ${latency.p50} ms, p99 ${latency.p99} ms`,
      );
    }
    return { measured: measured as ByConnections, logits };
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

/** For each number of connections the one that answered more. */
function fasterOf(a: ByConnections, b: ByConnections): ByConnections {
  return Object.fromEntries(
    keys().map((key) => [key, a[key].requestsPerSecond >= b[key].requestsPerSecond ? a[key] : b[key]]),
  ) as ByConnections;
}

function agree(ours: readonly number[], peer: readonly number[]): void {
  const difference = Math.max(...ours.map((logit, i) => Math.abs(logit - (peer[i] as number))));
  if (!(difference < 1e-2))
    throw new HistoError("BENCH_FAILED", `The servers disagree: logits differ by ${difference}.`);
}

async function syntheticTiles(out: string): Promise<Buffer[]> {
  const { writeSyntheticDataset } = await import("../src/dataset/synthetic/index.js");
  await writeSyntheticDataset({ out, images: TILES, size: 224, seed: 1 });
  const names = (await readdir(join(out, "images"))).sort();
  return Promise.all(names.map((name) => readFile(join(out, "images", name))));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
