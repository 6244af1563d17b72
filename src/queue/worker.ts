/** @module A worker: takes jobs from a queue until it is stopped or has had none for some time, and checks that it still holds them. */
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { DelayedError, type Job, type JobsOptions, type Queue, type RedisOptions, Worker } from "bullmq";
import { Interrupted } from "../errors/index";
import type { Progress } from "../progress/index";
import { closeQueue } from "./redis";

/** How often a job is started before it is given up. */
export const MOST_STARTS = 3;
/** Results that are not collected within a week are removed. */
const KEEP = { age: 7 * 24 * 3600 };
const LOOK_MS = 500;
const RETRY_MS = 1000;

export interface WorkerOptions {
  readonly redis: string;
  /** Jobs at the same time. Default: 1. */
  readonly workers?: number | undefined;
  /** Seconds without a sign of life after which another worker gets a job. Default: 30. */
  readonly lostAfter?: number | undefined;
  /** Ends after this many seconds without a job. Default: never. */
  readonly idle?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WorkerSummary {
  readonly finished: number;
  readonly failed: number;
  /** Unfinished jobs that were returned to the queue; other workers continue them. */
  readonly givenBack: number;
}

/** The lock of a job, in milliseconds: a worker that is silent for this long has lost it. */
export function lockTime({ lostAfter = 30 }: WorkerOptions): number {
  return 1000 * lostAfter;
}

/** Aborted when `signal` is; a worker may also abort it itself. */
export function stopper(signal: AbortSignal | undefined): AbortController {
  const controller = new AbortController();
  const stop = () => controller.abort(new Interrupted());
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  return controller;
}

/**
 * Takes jobs until `stop` is aborted, or until there has been no job for the idle time. Then aborts `stop` and waits until the
 * running jobs have been returned, but no longer than their lock, because that is impossible without Redis.
 * @param run does one job; a lost lock is its own concern
 */
export async function takeJobs<Data, Result, Name extends string>(
  queue: string,
  connection: RedisOptions,
  options: WorkerOptions,
  stop: AbortController,
  run: (job: Job<Data, Result, Name>, token: string) => Promise<Result>,
): Promise<void> {
  const { workers = 1, idle = Number.POSITIVE_INFINITY } = options;
  const lockDuration = lockTime(options);
  let [busy, lastActive] = [0, Date.now()];
  const take = async (job: Job<Data, Result, Name>, token = "") => {
    busy++;
    try {
      return await run(job, token);
    } finally {
      busy--;
      lastActive = Date.now();
    }
  };
  // BullMQ restores a lost connection, and with it what waits for it: once it has been stopped, only to return jobs.
  let restoredUntil = Number.POSITIVE_INFINITY;
  const retryStrategy = () => (Date.now() < restoredUntil ? RETRY_MS : null);
  const worker = new Worker<Data, Result, Name>(queue, take, {
    connection: { ...connection, retryStrategy },
    name: `${hostname()}-${process.pid}`,
    concurrency: workers,
    lockDuration,
    stalledInterval: lockDuration / 2,
    maxStalledCount: MOST_STARTS - 1,
  });
  worker.on("error", () => undefined);
  while (!stop.signal.aborted && (busy > 0 || Date.now() - lastActive < 1000 * idle)) {
    await setTimeout(LOOK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  if (!stop.signal.aborted) stop.abort(new Interrupted());
  const patience = busy > 0 ? lockDuration : 0;
  restoredUntil = Date.now() + patience;
  const client = await worker.client;
  if (client.status !== "ready") {
    // BullMQ would wait for ever for what a connection still has to say that it has stopped restoring.
    while (!["ready", "end"].includes(client.status)) await setTimeout(LOOK_MS);
    await setTimeout(RETRY_MS);
  }
  await closeQueue(worker, patience + RETRY_MS);
}

/** Returns a running job to the queue for another worker, by the error that BullMQ requires. */
export async function giveBack(job: Job, token: string): Promise<never> {
  await job.moveToDelayed(Date.now(), token);
  throw new DelayedError();
}

/** The options of a job in a queue. BullMQ ignores a job whose id is in the queue already. */
export function jobOptions(jobId: string): JobsOptions {
  return { jobId, attempts: MOST_STARTS, removeOnComplete: KEEP, removeOnFail: KEEP };
}

/** True if a job failed because its workers ended. */
export function lostItsWorkers({ failedReason }: Pick<Job, "failedReason">): boolean {
  return /stalled/.test(failedReason);
}

/**
 * Watches a job until `ended` is aborted: passes on its current data, and reports once if its lock is lost. A worker that was
 * silent too long has lost it and must not write results. While Redis does not answer, the last known lock counts.
 * @param lockMs duration of the lock that was just taken
 */
export async function watchJob<Data>(
  queue: Pick<Queue, "client" | "toKey"> & { getJob(id: string): Promise<{ readonly data: Data } | undefined> },
  { id, token, lockMs }: { readonly id: string; readonly token: string; readonly lockMs: number },
  ended: AbortSignal,
  on: { data(data: Data): void; lost(): void },
): Promise<void> {
  let holdsUntil = Date.now() + lockMs;
  while (!ended.aborted) {
    await setTimeout(LOOK_MS, undefined, { signal: ended }).catch(() => undefined);
    holdsUntil = (await lockExpiry(queue, id, token).catch(() => holdsUntil)) ?? 0;
    if (ended.aborted) return;
    if (Date.now() > holdsUntil) return on.lost();
    const now = await queue.getJob(id).catch(() => undefined);
    if (now) on.data(now.data);
  }
}

/** The time at which a worker's lock on a job ends, in milliseconds since 1970; undefined if it does not hold the lock. */
async function lockExpiry(
  queue: Pick<Queue, "client" | "toKey">,
  job: string,
  token: string,
): Promise<number | undefined> {
  const client = await queue.client;
  const key = `${queue.toKey(job)}:lock`;
  const [holder, milliseconds] = [await client.get(key), await client.pttl(key)];
  return holder === token && milliseconds > 0 ? Date.now() + milliseconds : undefined;
}
