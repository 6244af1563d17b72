/** @module Measures the latencies of the function and of the server on this machine, with their real programs. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { HistoError, InputError } from "../errors/index";
import { projectRoot } from "../files/index";
import { type LambdaLimits, LocalLambda, peakMemoryOf } from "./local-lambda";

/** Memory with which a function gets one whole CPU. */
const MEMORY_PER_CPU_MB = 1769;

/** In seconds, one value per observation. */
export interface MeasuredLambda {
  /** From the start of the process until it asks for events. */
  readonly init: readonly number[];
  /** First request of an environment, after its start. */
  readonly first: readonly number[];
  readonly warm: readonly number[];
  readonly peakMemoryBytes: number | undefined;
  /** CPUs that the function was limited to; undefined if this system cannot limit them. */
  readonly cpus: number | undefined;
}

export interface MeasuredServer {
  /** From the start of the program until `/readyz` succeeds. */
  readonly start: number;
  /** One request after the other. */
  readonly warm: readonly number[];
  /** Requests per second, with many at a time. */
  readonly throughput: number;
  /** Latencies with many at a time. */
  readonly loaded: readonly number[];
  readonly peakMemoryBytes: number | undefined;
}

/** Lambda's limits besides memory and CPUs. */
const LIMITS: LambdaLimits = { payloadBytes: 6 * 2 ** 20, timeoutSeconds: 29, noWrites: true };

/**
 * Measures the function under Lambda's limits: `memoryMb`, the CPUs that come with it (rounded down, at least one), size of
 * events, time, files.
 * @param tile encoded image to classify
 * @throws {HistoError} `MEASUREMENT_FAILED` if the function does not start, answers with an error, or exceeds its memory
 */
export async function measureLambda(
  model: string,
  tile: Uint8Array,
  { memoryMb, coldStarts, repeats }: { memoryMb: number; coldStarts: number; repeats: number },
): Promise<MeasuredLambda> {
  const cpus = Math.max(1, Math.floor(memoryMb / MEMORY_PER_CPU_MB));
  const launcher = pinning(cpus);
  const init: number[] = [];
  const first: number[] = [];
  const warm: number[] = [];
  let peakMemoryBytes: number | undefined;
  for (let start = 0; start < coldStarts; start++) {
    const lambda = await LocalLambda.start({
      environment: { NODE_ENV: "production", HISTO_MODEL: model, HISTO_LOG_LEVEL: "silent" },
      launcher: launcher ?? [],
      // Only Linux can limit a process's memory; elsewhere limit the heap and check the peak below.
      nodeOptions: process.platform === "linux" ? [] : [`--max-old-space-size=${Math.round(memoryMb / 2)}`],
      limits: process.platform === "linux" ? { ...LIMITS, memoryMb } : LIMITS,
      root: compiledRoot(),
    });
    try {
      init.push(await lambda.initialized);
      if (lambda.initError) throw new HistoError("MEASUREMENT_FAILED", lambda.initError.errorMessage);
      first.push(await timedRequest(lambda.url, tile));
      if (start === 0) for (let i = 0; i < repeats; i++) warm.push(await timedRequest(lambda.url, tile));
      peakMemoryBytes = Math.max(peakMemoryBytes ?? 0, lambda.peakMemoryBytes ?? 0) || undefined;
    } finally {
      await lambda.close();
    }
  }
  if (peakMemoryBytes !== undefined && peakMemoryBytes > memoryMb * 1024 * 1024) {
    throw new HistoError("MEASUREMENT_FAILED", `The function took ${peakMemoryBytes} bytes, more than ${memoryMb} MB.`);
  }
  return { init, first, warm, peakMemoryBytes, cpus: launcher && cpus };
}

/** Measures the server with the settings of its container (serve/ec2/compose.yaml). */
export async function measureServer(
  model: string,
  tile: Uint8Array,
  { repeats, concurrency, seconds }: { repeats: number; concurrency: number; seconds: number },
): Promise<MeasuredServer> {
  const root = compiledRoot();
  const started = performance.now();
  const options = ["--port", "0", "--workers", "1", "--max-queue", "64", "--trust-proxy", "1", "--log-level", "warn"];
  const server = spawn(process.execPath, [join(root, "bin/histo.cjs"), "serve", "--model", model, ...options], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", UV_THREADPOOL_SIZE: "4", MALLOC_ARENA_MAX: "2" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const url = await addressOf(server);
    await readyAt(url);
    const start = (performance.now() - started) / 1000;
    await timedRequest(url, tile);
    const warm: number[] = [];
    for (let i = 0; i < repeats; i++) warm.push(await timedRequest(url, tile));
    const loaded: number[] = [];
    const until = performance.now() + 1000 * seconds;
    const client = async () => {
      while (performance.now() < until) loaded.push(await timedRequest(url, tile));
    };
    const from = performance.now();
    await Promise.all(Array.from({ length: concurrency }, client));
    const throughput = (1000 * loaded.length) / (performance.now() - from);
    return { start, warm, throughput, loaded, peakMemoryBytes: peakMemoryOf(server.pid) };
  } finally {
    server.kill("SIGTERM");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  }
}

/** Seconds of one prediction, from sending the tile until the whole response has arrived. */
async function timedRequest(url: string, tile: Uint8Array): Promise<number> {
  const started = performance.now();
  const headers = { "content-type": "image/png" };
  const answer = await fetch(`${url}/predict`, { method: "POST", headers, body: new Uint8Array(tile) });
  const text = await answer.text();
  if (!answer.ok) throw new HistoError("MEASUREMENT_FAILED", `${answer.status}: ${text.slice(0, 200)}`);
  return (performance.now() - started) / 1000;
}

/** Command that limits a program to the first `cpus` CPUs; undefined if the system has no such command. */
function pinning(cpus: number): string[] | undefined {
  const command = ["taskset", "-c", cpus === 1 ? "0" : `0-${cpus - 1}`];
  const [program = "", ...args] = [...command, process.execPath, "--version"];
  return spawnSync(program, args).status === 0 ? command : undefined;
}

/** The project's root. @throws {InputError} `NOT_COMPILED` */
function compiledRoot(): string {
  const root = projectRoot();
  if (existsSync(join(root, "dist", "serve", "lambda", "bootstrap.js"))) return root;
  throw new InputError("NOT_COMPILED", "The programs to measure are not compiled: run `npm run build` once.");
}

async function addressOf(server: ChildProcess): Promise<string> {
  const found = [server.stdout, server.stderr].map(async (stream) => {
    if (stream) {
      for await (const line of createInterface({ input: stream })) {
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
        if (url) {
          stream.resume();
          return url;
        }
      }
    }
    return new Promise<never>(() => undefined);
  });
  const ended = once(server, "exit").then(() => {
    throw new HistoError("MEASUREMENT_FAILED", "The server ended before it listened.");
  });
  return Promise.race([...found, ended]);
}

async function readyAt(url: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new HistoError("MEASUREMENT_FAILED", "The server was not ready after 30 s.");
}
