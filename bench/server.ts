/**
 * @module The server against FastAPI, uvicorn and onnxruntime in Python: the same model file, tiles and load generator, in
 * turns. The peer runs as one process with all threads and as one process per core; the faster of the two counts.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import autocannon = require("autocannon");

import { HistoError } from "../src/errors/index";
import { projectRoot } from "../src/files/index";
import { freePort } from "../src/tracking/index";
import { writeModel } from "../tests/support/served-model";
import type { BenchmarkContext } from "./benchmark";
import { mustHaveNoLimit } from "./instructions";
import { median } from "./median";
import { peerPython } from "./python-peers";
import { inTemporaryFolder } from "./temporary-folder";

const CONNECTIONS = [1, 8, 64] as const;
/** Servers take turns at each number of connections, so that other load on the machine affects all of them. */
const ROUNDS = 3;
const SECONDS = 3;
const TILES = 32;

/** Medians over the rounds; each key ends with the number of connections. */
const MEASURES = ["requestsPerSecond", "p50Ms", "p99Ms"] as const;
type Figures = Readonly<Record<`${(typeof MEASURES)[number]}${(typeof CONNECTIONS)[number]}`, number>>;

interface Result {
  readonly name: "server";
  readonly ours: Figures;
  readonly peer: Figures & { readonly name: string };
  /** Our requests per second divided by the peer's: geometric mean over the numbers of connections. */
  readonly ratio: number;
  readonly ratios: Readonly<Record<string, number>>;
}

/** Runs the benchmark. @throws {HistoError} `PEER_MISSING`, `BENCH_FAILED` */
export function run(context: BenchmarkContext): Promise<Result> {
  mustHaveNoLimit();
  return inTemporaryFolder((directory) => runIn(directory, context));
}

async function runIn(directory: string, { progress, budget, quick = false }: BenchmarkContext): Promise<Result> {
  const servers: Running[] = [];
  try {
    const requirements = join(projectRoot(), "bench", "requirements-server.txt");
    const python = await peerPython((await readFile(requirements, "utf8")).trim().split("\n"));
    // An int8 MLP of 150528-256-64-1 units with random weights.
    const model = await writeModel(join(directory, "model"), { size: 224, hidden: [256, 64], variant: "int8" });
    const tiles = await syntheticTiles(join(directory, "tiles"));
    const cores = availableParallelism();
    servers.push(await startOurs(model));
    servers.push(await startPeer(python, model, 1, cores));
    servers.push(await startPeer(python, model, cores, 1));
    const [ours, ...peers] = await Promise.all(servers.map((server) => logitsOf(server, tiles)));
    for (const peer of peers) agree(ours as number[], peer);

    const rounds: Figures[][] = servers.map(() => []);
    await budget.rounds(quick ? 1 : ROUNDS, async () => {
      const round: Record<string, number>[] = servers.map(() => ({}));
      for (const connections of CONNECTIONS) {
        for (const [i, server] of servers.entries()) {
          budget.signal.throwIfAborted();
          Object.assign(round[i] as object, await load(server, tiles, connections, quick ? 1 : SECONDS, progress));
        }
      }
      for (const [i, figures] of round.entries()) rounds[i]?.push(figures as Figures);
    });
    const [ownFigures, threaded, forked] = rounds.map(medians) as [Figures, Figures, Figures];
    const peer = fasterOf(threaded, forked);
    const ratios = Object.fromEntries(
      CONNECTIONS.map((count) => {
        const key = `requestsPerSecond${count}` as const;
        return [`${count} connections`, ownFigures[key] / peer[key]];
      }),
    );
    const product = Object.values(ratios).reduce((all, ratio) => all * ratio, 1);
    return {
      name: "server",
      ours: ownFigures,
      peer: { name: "FastAPI, uvicorn and onnxruntime (the faster of 1 process and one for each core)", ...peer },
      ratio: product ** (1 / CONNECTIONS.length),
      ratios,
    };
  } finally {
    await Promise.all(servers.map(stop));
  }
}

interface Running {
  readonly name: string;
  readonly child: ChildProcess;
  readonly url: string;
  /** The end of its standard error. */
  readonly printed: () => string;
}

async function startOurs(model: string): Promise<Running> {
  const port = await freePort();
  const options = ["serve", "--model", model, "--port", String(port), "--quiet", "--log-level", "info"];
  const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...options], { stdio: STDIO });
  return ready({ name: "histo serve", child, url: `http://127.0.0.1:${port}`, printed: keepPrinted(child) });
}

async function startPeer(python: string, model: string, workers: number, threads: number): Promise<Running> {
  const port = await freePort();
  const argv = ["-m", "uvicorn", "peer-server:app", "--app-dir", join(projectRoot(), "bench"), "--port", String(port)];
  const child = spawn(python, [...argv, "--workers", String(workers), "--no-access-log", "--log-level", "error"], {
    stdio: STDIO,
    env: { ...process.env, MODEL: model, THREADS: String(threads) },
  });
  const name = `FastAPI, ${workers} process${workers === 1 ? "" : "es"}`;
  return ready({ name, child, url: `http://127.0.0.1:${port}`, printed: keepPrinted(child) });
}

const STDIO: StdioOptions = ["ignore", "ignore", "pipe"];
const PRINTED = 2000;

/** Collects the end of a server's standard error. */
function keepPrinted({ stderr }: ChildProcess): () => string {
  let text = "";
  stderr?.on("data", (chunk: Buffer) => {
    text = (text + chunk).slice(-PRINTED);
  });
  return () => text.trim();
}

async function ready(running: Running): Promise<Running> {
  const { name, url, child, printed } = running;
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  for (let i = 0; i < 300 && !ended(); i++) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return running;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const how = ended() ? `ended with ${child.signalCode ?? `status ${child.exitCode}`}` : "was not ready after 30 s";
  child.kill("SIGKILL");
  throw new HistoError("BENCH_FAILED", `${name} ${how}; it printed: ${printed() || "nothing"}`);
}

const HEADERS = { "content-type": "image/png" };

async function logitsOf({ url }: Running, tiles: readonly Buffer[]): Promise<number[]> {
  const logits: number[] = [];
  for (const body of tiles) {
    const response = await fetch(`${url}/predict`, { method: "POST", body: body as BodyInit, headers: HEADERS });
    logits.push(((await response.json()) as { logit: number }).logit);
  }
  return logits;
}

/** Puts load on a server through a number of connections, after a warm-up of one second. */
async function load(
  { name, url }: Running,
  tiles: readonly Buffer[],
  connections: (typeof CONNECTIONS)[number],
  seconds: number,
  progress: BenchmarkContext["progress"],
): Promise<Partial<Figures>> {
  const requests = tiles.map((body) => ({ method: "POST", path: "/predict", body, headers: HEADERS }));
  await autocannon({ url, connections, duration: 1, requests });
  const {
    requests: done,
    latency,
    errors,
    non2xx,
  } = await autocannon({ url, connections, duration: seconds, requests });
  if (errors + non2xx > 0) throw new HistoError("BENCH_FAILED", `${name}: ${errors + non2xx} requests failed.`);
  progress.say(
    `${name}, ${connections} connections: ${done.average.toFixed(0)} requests/s, p50 ${latency.p50} ms, p99 ${latency.p99} ms`,
  );
  return {
    [`requestsPerSecond${connections}`]: done.average,
    [`p50Ms${connections}`]: latency.p50,
    [`p99Ms${connections}`]: latency.p99,
  };
}

function medians(rounds: readonly Figures[]): Figures {
  return Object.fromEntries(
    CONNECTIONS.flatMap((count) =>
      MEASURES.map((measure) => {
        const key = `${measure}${count}` as const;
        return [key, median(rounds.map((figures) => figures[key]))];
      }),
    ),
  ) as Figures;
}

/** For each number of connections, the figures of the faster of two servers. */
function fasterOf(a: Figures, b: Figures): Figures {
  return Object.fromEntries(
    CONNECTIONS.flatMap((count) => {
      const better = a[`requestsPerSecond${count}`] >= b[`requestsPerSecond${count}`] ? a : b;
      return MEASURES.map((key) => [`${key}${count}`, better[`${key}${count}`]]);
    }),
  ) as Figures;
}

async function stop({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
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
