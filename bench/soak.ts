/**
 * @module A soak test: mixed valid and invalid requests at 70 % of the capacity of the server's container, for minutes or
 * hours. Once a minute a client exceeds its limit, and more predictions arrive at once than the queue holds. The peer is the
 * same container in the first third of the time: leaks and slowdowns make the last third worse.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "../src/collections/index";
import { HistoError } from "../src/errors/index";
import { containers, logOf, missingForContainers, podman, startServerContainer } from "../tests/support/containers";
import { tile, writeModel, writeTiles } from "../tests/support/served-model";
import type { BenchmarkContext } from "./benchmark";
import { type Held, heldBy } from "./container-processes";
import { median } from "./median";
import { type Answers, Load, together } from "./open-load";
import { inTemporaryFolder } from "./temporary-folder";

const SHARE_OF_CAPACITY = 0.7;
/** Clients that send without a pause while the capacity is measured, and the number of windows, of which the slowest counts. */
const CLIENTS = 16;
const WINDOWS = 6;
/** Requests per minute that the server allows a client; how many one sends beyond. */
const LIMIT = 300;
const TOO_MANY = 100;
/** Length of the server's queue; predictions that arrive at once. */
const QUEUE = 32;
const AT_ONCE = 200;
/** Seconds: each minute has 50 of steady load, then a burst. */
const FULL = { minute: 60, steady: 50, warmUp: 10, window: 5 };
const QUICK = { minute: 5, steady: 3, warmUp: 2, window: 0.5 };
/** Minutes of load that fit within a benchmark of ten minutes; number of shortened minutes in the quick version. */
const MINUTES = 7;
const QUICK_MINUTES = 4;
/** Seconds between two measurements of the processes. */
const LOOK_SECONDS = 2;

interface Third extends Held {
  readonly requests: number;
  /** The peak. `memoryMb` is a mean, because the heaps grow and shrink. */
  readonly peakMemoryMb: number;
  readonly p50Ms: number;
  /** Median of the minutes' 99th percentiles, so that one stall of the machine does not count as a slow server. */
  readonly p99Ms: number;
  /** Over all requests. */
  readonly wholeP99Ms: number;
}

interface Result {
  readonly name: "soak";
  /** The last third after the warm-up, and the whole time. */
  readonly ours: Third & {
    /** Answers per second without a pause between requests, and the rate of the steady load. */
    readonly capacityPerSecond: number;
    readonly ratePerSecond: number;
    readonly cpus: number | "all";
    readonly minutes: number;
    /** Of the steady load. */
    readonly statuses: Readonly<Record<string, number>>;
    readonly burstStatuses: Readonly<Record<string, number>>;
    /** Well-formed requests without an answer, refusals that do not say when to come back, answers of 500 and above but 503. */
    readonly faults: number;
  };
  /** The first third after the warm-up. */
  readonly peer: Third & { readonly name: string };
  /** First third divided by last third: the worse of memory and p99. */
  readonly ratio: number;
  readonly ratios: Readonly<Record<"memory" | "peakMemory" | "p99" | "descriptors" | "threads", number>>;
}

interface Minute {
  readonly steady: Answers;
  readonly burst: Answers;
  readonly held: readonly Held[];
}

/** Runs the soak. @throws {HistoError} `PEER_MISSING` where this machine runs no containers */
export async function run(context: BenchmarkContext): Promise<Result> {
  const missing = missingForContainers();
  if (missing) throw new HistoError("PEER_MISSING", missing);
  return inTemporaryFolder((folder) => soak(folder, context));
}

async function soak(folder: string, context: BenchmarkContext): Promise<Result> {
  const { progress, budget, quick = false } = context;
  const { minute, steady, warmUp, window } = quick ? QUICK : FULL;
  const wanted = quick ? QUICK_MINUTES : Math.max(4, Math.round(context.minutes ?? MINUTES));
  const image = await containers("build", "server", "--tag", "localhost/histo/server:soak");
  const content = {
    models: [await writeModel(join(folder, "model"), { size: 224, hidden: [32, 8], variant: "int8" })],
    images: await writeTiles(join(folder, "tiles"), 12, 224),
  };
  const server = await startServerContainer(image, content, {
    engine: context.cpus === undefined ? [] : ["--cpus", String(context.cpus)],
    serve: ["--trust-proxy", "1", "--rate-limit", String(LIMIT), "--max-queue", String(QUEUE)],
  });
  const load = new Load(server.url, await tile(5, 224));
  try {
    const pid = Number(await podman("inspect", "--format", "{{.State.Pid}}", server.name));
    await load.capacity(CLIENTS, warmUp, budget.signal);
    const windows: number[] = [];
    while (windows.length < WINDOWS) windows.push(await load.capacity(CLIENTS, window, budget.signal));
    // Other load on the machine slows some windows; the steady load must fit even then.
    const capacityPerSecond = Math.min(...windows);
    const ratePerSecond = SHARE_OF_CAPACITY * capacityPerSecond;
    progress.say(`capacity ${capacityPerSecond.toFixed(0)}/s; steady load ${ratePerSecond.toFixed(0)}/s`);

    const minutes: Minute[] = [];
    await budget.rounds(
      wanted,
      async (round) => {
        const started = performance.now();
        const held: Held[] = [];
        const look = () => heldBy(pid).then((one) => held.push(one));
        // mustRun below reports a process that has ended.
        const looks = setInterval(() => void look().catch(() => undefined), 1000 * LOOK_SECONDS);
        const calm = await load.steady(ratePerSecond, steady, budget.signal).finally(() => clearInterval(looks));
        budget.signal.throwIfAborted();
        const burst = await load.burst(LIMIT, TOO_MANY, AT_ONCE);
        await mustRun(server.name);
        minutes.push({ steady: calm, burst, held });
        progress.say(`minute ${round + 1}: ${shown(thirdOf(minutes.slice(-1)))}`);
        const rest = started + 1000 * minute - performance.now();
        if (rest > 0) await sleep(rest, undefined, { signal: budget.signal });
      },
      "minutes",
    );
    if (minutes.length < 4) throw new HistoError("BENCH_FAILED", "Stopped before four minutes: nothing to compare.");
    return result(minutes, { capacityPerSecond, ratePerSecond, cpus: context.cpus ?? "all" });
  } finally {
    load.close();
    await server.close();
  }
}

/** @throws {HistoError} `BENCH_FAILED` with the end of its log where the container has ended */
async function mustRun(name: string): Promise<void> {
  const state = await podman("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name);
  if (state.startsWith("running")) return;
  const log = await logOf(name).catch(String);
  throw new HistoError("BENCH_FAILED", `The container ended (${state}); its log ends with: ${log}`);
}

function result(
  minutes: readonly Minute[],
  how: Pick<Result["ours"], "capacityPerSecond" | "ratePerSecond" | "cpus">,
): Result {
  // Heaps and caches reach their size in the first tenth, at least a minute.
  const after = minutes.slice(Math.max(1, Math.round(minutes.length / 10)));
  const third = Math.max(1, Math.floor(after.length / 3));
  const first = thirdOf(after.slice(0, third));
  const last = thirdOf(after.slice(-third));
  const ratios = {
    memory: first.memoryMb / last.memoryMb,
    peakMemory: first.peakMemoryMb / last.peakMemoryMb,
    p99: first.p99Ms / last.p99Ms,
    descriptors: first.descriptors / last.descriptors,
    threads: first.threads / last.threads,
  };
  const statuses = together(minutes.map(({ steady }) => steady)).statuses;
  const burstStatuses = together(minutes.map(({ burst }) => burst)).statuses;
  const faults = [...statuses, ...burstStatuses].filter(([status]) => isFault(status));
  return {
    name: "soak",
    ours: {
      ...last,
      ...how,
      minutes: minutes.length,
      statuses: Object.fromEntries(statuses),
      burstStatuses: Object.fromEntries(burstStatuses),
      faults: faults.reduce((sum, [, count]) => sum + count, 0),
    },
    peer: { name: "the same container in the first third after the warm-up", ...first },
    ratio: Math.min(ratios.memory, ratios.p99),
    ratios,
  };
}

const ascending = (values: readonly number[]) => Float64Array.from(values).sort();
const isFault = (status: string) => status === "failed" || (Number(status) >= 500 && status !== "503");

function thirdOf(minutes: readonly Minute[]): Third {
  const latencies = ascending(minutes.flatMap(({ steady }) => steady.latencies));
  const held = minutes.flatMap((minute) => minute.held);
  const memory = held.map(({ memoryMb }) => memoryMb);
  return {
    requests: latencies.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: median(minutes.map(({ steady }) => quantile(ascending(steady.latencies), 0.99))),
    wholeP99Ms: quantile(latencies, 0.99),
    memoryMb: memory.reduce((sum, value) => sum + value, 0) / memory.length,
    peakMemoryMb: Math.max(...memory),
    descriptors: median(held.map(({ descriptors }) => descriptors)),
    threads: median(held.map(({ threads }) => threads)),
  };
}

function shown({ requests, p50Ms, p99Ms, memoryMb, descriptors, threads }: Third): string {
  const [p50, p99, memory] = [p50Ms, p99Ms, memoryMb].map((value) => value.toFixed(0));
  return `${requests} requests, p50 ${p50} ms, p99 ${p99} ms, ${memory} MB, ${descriptors} descriptors, ${threads} threads`;
}
