/** @module The worker's side of the queue: takes trials, runs them in child processes, and reports the results. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DelayedError, type Job, Worker } from "bullmq";
import { datasetContentHash, loadDataset } from "../../dataset/index";
import { InputError, Interrupted, messageOf } from "../../errors/index";
import { readJson } from "../../files/index";
import { plainDecimal } from "../../format/index";
import { type Progress, silentProgress } from "../../progress/index";
import { closeQueue } from "../../queue/index";
import type { TrialOutcome } from "../journal";
import type { TrialJob } from "../trial";
import { MOST_STARTS, type ProcessRunner, processRunners, WorkerLost } from "../workers";
import {
  type Merits,
  openTrialQueue,
  PROTOCOL,
  QUEUE,
  type QueuedTrial,
  type QueueFile,
  queuedSearchId,
  type TrialQueue,
  type TrialReport,
} from "./protocol";
import { TrialWatch } from "./watch";

export interface WorkerOptions {
  readonly redis: string;
  /** Trials at the same time, each in its own process. Default: 1. */
  readonly workers?: number | undefined;
  /** Path of the data set on this machine. Default: the path in the search. */
  readonly data?: string | undefined;
  /** Seconds without a sign of life after which another worker gets a trial. Default: 30. */
  readonly lostAfter?: number | undefined;
  /** Ends after this many seconds without a trial. Default: never. */
  readonly idle?: number | undefined;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface WorkerSummary {
  readonly finished: number;
  readonly failed: number;
  /** Trials that were running when this worker was stopped; other workers continue them. */
  readonly givenBack: number;
}

/** How long a trial waits at a rung for the answer of the search. */
const PATIENCE_MS = 30_000;

type TrialInQueue = Job<QueuedTrial, TrialReport, "trial">;

/**
 * Takes trials until it is stopped; running trials are then saved and returned to the queue.
 * @throws {HistoError} if Redis cannot be reached
 * @throws {InputError} if this machine lacks the directory or the data set of a search
 */
export async function serveTrials(options: WorkerOptions): Promise<WorkerSummary> {
  const { progress = silentProgress, signal, idle } = options;
  const { queue, address } = await openTrialQueue(options.redis, progress, "the worker");
  const server = new TrialServer(queue, { ...options, progress, connection: address.options });
  signal?.addEventListener("abort", () => server.stop());
  if (signal?.aborted) server.stop();
  progress.say(`Waiting for trials at ${address.shown}`);
  try {
    return await server.untilStopped(idle);
  } finally {
    await closeQueue(queue);
  }
}

class TrialServer {
  private readonly controller = new AbortController();
  private readonly worker: Worker<QueuedTrial, TrialReport, "trial">;
  private readonly free: ProcessRunner[];
  private readonly hashes = new Map<string, Promise<string>>();
  private readonly counts = { finished: 0, failed: 0, givenBack: 0 };
  private readonly lockMs: number;
  private readonly progress: Progress;
  private lastActive = Date.now();
  private busy = 0;
  private fault: InputError | undefined;

  constructor(
    private readonly queue: TrialQueue,
    private readonly options: WorkerOptions & { readonly progress: Progress; readonly connection: object },
  ) {
    const { workers = 1, lostAfter = 30, connection, progress } = options;
    this.progress = progress;
    this.lockMs = 1000 * lostAfter;
    this.free = processRunners(workers, lostAfter / 3);
    this.worker = new Worker(QUEUE, (job, token) => this.process(job, token ?? ""), {
      connection,
      name: `${hostname()}-${process.pid}`,
      concurrency: workers,
      lockDuration: this.lockMs,
      stalledInterval: this.lockMs / 2,
      maxStalledCount: MOST_STARTS - 1,
    });
    // BullMQ reconnects automatically; the trial's watch notices a lost lock.
    this.worker.on("error", () => undefined);
  }

  stop(): void {
    if (!this.controller.signal.aborted) this.controller.abort(new Interrupted());
  }

  /** @throws {InputError} if this worker had to refuse a trial */
  async untilStopped(idleSeconds = Number.POSITIVE_INFINITY): Promise<WorkerSummary> {
    const { signal } = this.controller;
    while (!signal.aborted && (this.busy > 0 || Date.now() - this.lastActive < 1000 * idleSeconds)) {
      await setTimeout(500, undefined, { signal }).catch(() => undefined);
    }
    this.stop();
    // Resolves when running trials have been returned, which is impossible without Redis.
    await Promise.race([this.worker.close(), setTimeout(this.lockMs)]);
    for (const runner of this.free) runner.close();
    if (this.fault) throw this.fault;
    return this.counts;
  }

  private async process(queued: TrialInQueue, token: string): Promise<TrialReport> {
    const runner = this.free.pop() as ProcessRunner;
    this.busy++;
    try {
      const { data } = queued;
      const refusal = await this.refusalOf(data);
      if (refusal) return { type: "refused", reason: refusal };
      return await this.runTrial(queued, token, runner);
    } finally {
      this.free.push(runner);
      this.busy--;
      this.lastActive = Date.now();
    }
  }

  private async runTrial(queued: TrialInQueue, token: string, runner: ProcessRunner): Promise<TrialReport> {
    const { job } = queued.data;
    const controller = new AbortController();
    const interrupt = () => controller.abort(new Interrupted());
    const watch = new TrialWatch(this.queue, queued, token, { onLost: () => runner.kill(), onCancelled: interrupt });
    if (watch.cancelled) return { type: "interrupted" };
    this.controller.signal.addEventListener("abort", interrupt);
    if (this.controller.signal.aborted) interrupt();
    const watching = watch.run(this.lockMs);
    this.progress.say(
      `Trial ${job.trial + 1} of ${queued.data.directory}: ${JSON.stringify(job.options.hidden ?? {})}`,
    );
    try {
      const outcome = await this.runIn(runner, queued, watch, controller.signal);
      this.counts.finished++;
      this.progress.say(`Trial ${job.trial + 1}: ${job.objective} ${plainDecimal(outcome.value, 4)}`);
      return { type: "finished", outcome };
    } catch (error) {
      if (watch.lost) throw new WorkerLost("its lock was lost");
      if (error instanceof Interrupted) return await this.giveBack(queued, token, watch);
      if (error instanceof WorkerLost) throw error;
      this.counts.failed++;
      this.progress.say(`Trial ${job.trial + 1} failed: ${messageOf(error)}`);
      return { type: "failed", reason: messageOf(error) };
    } finally {
      watch.end();
      this.controller.signal.removeEventListener("abort", interrupt);
      await watching;
    }
  }

  private runIn(
    runner: ProcessRunner,
    queued: TrialInQueue,
    watch: TrialWatch,
    signal: AbortSignal,
  ): Promise<TrialOutcome> {
    const { job } = queued.data;
    const here: TrialJob = this.options.data
      ? { ...job, options: { ...job.options, data: resolve(this.options.data) } }
      : job;
    let merits: Merits = typeof queued.progress === "object" ? { ...(queued.progress as Merits) } : {};
    return runner.run(here, {
      signal,
      progress: silentProgress,
      atRung: async (_trial, epoch, merit) => {
        merits = { ...merits, [epoch]: merit };
        await queued.updateProgress(merits).catch(() => undefined);
        return watch.answerAt(epoch, PATIENCE_MS, signal);
      },
    });
  }

  /** Reports a cancelled trial as interrupted; returns any other to the queue for another worker. */
  private async giveBack(queued: TrialInQueue, token: string, watch: TrialWatch): Promise<TrialReport> {
    if (watch.cancelled) return { type: "interrupted" };
    this.counts.givenBack++;
    this.progress.say(`Trial ${queued.data.job.trial + 1} was saved and given back.`);
    await queued.moveToDelayed(Date.now(), token);
    throw new DelayedError();
  }

  /** Why this worker cannot take trials of a search. A problem of this machine also stops the worker. */
  private async refusalOf({ protocol, directory, search, job, dataHash }: QueuedTrial): Promise<string | undefined> {
    if (protocol !== PROTOCOL) return this.refuse("WORKER_VERSION", "it has another version of this program");
    const file = join(directory, "queue.json");
    if (!existsSync(file)) {
      return this.refuse(
        "WORKER_SEES_NO_RUN",
        `${directory} does not exist; mount the folder of the search under this path`,
      );
    }
    if (queuedSearchId(directory, await readJson<QueueFile>(file)) !== search) {
      return `Trial ${job.trial + 1} belongs to a search that is no longer in ${directory}.`;
    }
    const data = resolve(this.options.data ?? job.options.data);
    const seen = await this.hashOf(data, job).catch(messageOf);
    if (seen === dataHash) return undefined;
    const other = /^[0-9a-f]{64}$/.test(seen)
      ? `${data} is not the search's data set (content ${seen.slice(0, 12)} instead of ${dataHash.slice(0, 12)})`
      : seen.replace(/\.$/, "");
    return this.refuse(
      "WORKER_OTHER_DATA",
      `${other}; copy the data set to this machine and give its path with --data`,
    );
  }

  private hashOf(data: string, { options }: TrialJob): Promise<string> {
    const key = JSON.stringify([data, options.dataset]);
    const known = this.hashes.get(key);
    if (known) return known;
    const hash = loadDataset(data, options.dataset ?? {}).then(datasetContentHash);
    this.hashes.set(key, hash);
    return hash;
  }

  private refuse(code: string, why: string): string {
    this.fault = new InputError(code, `This worker cannot take trials: ${why}.`);
    this.stop();
    return `The worker on ${hostname()} cannot take trials: ${why}.`;
  }
}
