/** @module The worker's side of the queue: takes trials, runs them in processes of its own, and says what came out. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DelayedError, type Job, Worker } from "bullmq";
import { datasetContentHash, loadDataset } from "../../dataset/index";
import { InputError, Interrupted, messageOf } from "../../errors/index";
import { readJson } from "../../files/index";
import { decimal, type Progress, silentProgress } from "../../progress/index";
import { openQueue, parseRedisUrl } from "../../queue/index";
import type { TrialOutcome } from "../journal";
import type { TrialJob } from "../trial";
import { type ProcessRunner, processRunners, WorkerLost } from "../workers";
import {
  LIVES,
  type Merits,
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
  /** Trials at the same time, each in a process of its own. Default: 1. */
  readonly workers?: number | undefined;
  /** Where this machine has the data set. Default: the path that the search names. */
  readonly data?: string | undefined;
  /** After so many seconds without a sign of life a trial is given to another worker. Default: 30. */
  readonly lostAfter?: number | undefined;
  /** End after so many seconds without a trial. Default: never. */
  readonly idle?: number | undefined;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** What a worker did. */
export interface WorkerSummary {
  readonly finished: number;
  readonly failed: number;
  /** Trials that this worker was stopped in; others go on with them. */
  readonly givenBack: number;
}

/** How long a trial waits at a rung for a search that is not there. */
const PATIENCE_MS = 30_000;

type TrialInQueue = Job<QueuedTrial, TrialReport, "trial">;

/**
 * Takes trials until it is told to stop: then the trials it is in are saved and given back.
 * @throws where Redis cannot be reached
 * @throws {InputError} where this machine does not see what a search needs: its directory and its data set
 */
export async function serveTrials(options: WorkerOptions): Promise<WorkerSummary> {
  const { progress = silentProgress, signal, idle } = options;
  const address = parseRedisUrl(options.redis);
  let away = false;
  const queue: TrialQueue = await openQueue(address, QUEUE, () => {
    if (!away) progress.say(`${address.shown} does not answer any more; the worker waits for it.`);
    away = true;
  });
  const server = new TrialServer(queue, { ...options, progress, connection: address.options });
  signal?.addEventListener("abort", () => server.stop());
  if (signal?.aborted) server.stop();
  progress.say(`Waiting for trials at ${address.shown}`);
  try {
    return await server.untilStopped(idle);
  } finally {
    await Promise.race([queue.close().catch(() => undefined), setTimeout(2000)]);
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
      maxStalledCount: LIVES - 1,
    });
    // Lost connections come back by themselves; a lost lock is noticed by the trial's watch.
    this.worker.on("error", () => undefined);
  }

  stop(): void {
    if (!this.controller.signal.aborted) this.controller.abort(new Interrupted());
  }

  /** @throws {InputError} what made this worker refuse a trial */
  async untilStopped(idleSeconds = Number.POSITIVE_INFINITY): Promise<WorkerSummary> {
    const { signal } = this.controller;
    while (!signal.aborted && (this.busy > 0 || Date.now() - this.lastActive < 1000 * idleSeconds)) {
      await setTimeout(500, undefined, { signal }).catch(() => undefined);
    }
    this.stop();
    // Resolves when the trials under way have been given back; without Redis that cannot be waited for.
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
      this.progress.say(`Trial ${job.trial + 1}: ${job.objective} ${decimal(outcome.value, 4)}`);
      return { type: "finished", outcome };
    } catch (error) {
      if (watch.lost) throw new WorkerLost("its lock was lost");
      if (error instanceof Interrupted) return await this.letGo(queued, token, watch);
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

  /** A trial that was stopped: done for now where its search was, else for another worker at once. */
  private async letGo(queued: TrialInQueue, token: string, watch: TrialWatch): Promise<TrialReport> {
    if (watch.cancelled) return { type: "interrupted" };
    this.counts.givenBack++;
    this.progress.say(`Trial ${queued.data.job.trial + 1} was saved and given back.`);
    await queued.moveToDelayed(Date.now(), token);
    throw new DelayedError();
  }

  /** Why this worker cannot take a search's trials; a fault of this machine ends the worker. */
  private async refusalOf({ protocol, directory, search, job, dataHash }: QueuedTrial): Promise<string | undefined> {
    if (protocol !== PROTOCOL) return this.refuse("WORKER_VERSION", "it is of another version of this program");
    const file = join(directory, "queue.json");
    if (!existsSync(file)) {
      return this.refuse(
        "WORKER_SEES_NO_RUN",
        `${directory} is not there; mount the folder of the search under this path`,
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
    return this.refuse("WORKER_OTHER_DATA", `${other}; bring the data set here and name its place with --data`);
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
