/** @module The worker's side of the queue: takes trials, runs them in child processes, and reports the results. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Job, RedisOptions } from "bullmq";
import { datasetContentHash, loadDataset } from "../../dataset/index";
import { InputError, Interrupted, messageOf } from "../../errors/index";
import { readJson } from "../../files/index";
import { plainDecimal } from "../../format/index";
import { type Progress, silentProgress } from "../../progress/index";
import {
  closeQueue,
  giveBack,
  lockTime,
  stopper,
  takeJobs,
  type WorkerOptions,
  type WorkerSummary,
  watchJob,
} from "../../queue/index";
import type { TrialOutcome } from "../journal";
import { MachineFault, type TrialJob } from "../trial";
import { type ProcessRunner, processRunners, WorkerLost } from "../workers";
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

const LOOK_MS = 100;

/** Monitors one trial until it ends. */
class TrialWatch {
  private readonly ending = new AbortController();
  private answers: Readonly<Record<string, boolean>>;
  lost = false;
  cancelled: boolean;

  /** @param events the trial no longer belongs to this worker; the search was stopped */
  constructor(
    private readonly queue: TrialQueue,
    private readonly job: Job<QueuedTrial, TrialReport>,
    private readonly token: string,
    private readonly events: { onLost(): void; onCancelled(): void },
  ) {
    this.answers = job.data.answers ?? {};
    this.cancelled = job.data.cancelled ?? false;
  }

  /** @param lockMs duration of the lock that was just taken */
  run(lockMs: number): Promise<void> {
    const { queue, job, token, events } = this;
    return watchJob(queue, { id: job.id as string, token, lockMs }, this.ending.signal, {
      lost: () => {
        this.lost = true;
        events.onLost();
      },
      data: ({ answers = {}, cancelled = false }) => {
        this.answers = answers;
        if (!cancelled || this.cancelled) return;
        this.cancelled = true;
        events.onCancelled();
      },
    });
  }

  end(): void {
    this.ending.abort();
  }

  /** The search's answer at a rung: true to stop. False if there is none in time; a later one then applies at the next rung. */
  async answerAt(epoch: number, patienceMs: number, signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + patienceMs;
    while (this.answers[epoch] === undefined && Date.now() < until && !signal.aborted && !this.lost) {
      await setTimeout(LOOK_MS);
    }
    return Object.values(this.answers).some(Boolean);
  }
}

/** Options of a worker, which runs each trial in its own process. */
interface TrialWorkerOptions extends WorkerOptions {
  /** Path of the data set on this machine. Default: the path in the search. */
  readonly data?: string | undefined;
}

/** How long a trial waits at a rung for the answer of the search. */
const PATIENCE_MS = 30_000;

type TrialInQueue = Job<QueuedTrial, TrialReport, "trial">;

/**
 * Takes trials until it is stopped; running ones are then saved and returned to the queue. @throws {HistoError} without Redis
 * @throws {InputError} if this machine lacks the directory or the data set of a search
 */
export async function serveTrials(options: TrialWorkerOptions): Promise<WorkerSummary> {
  const { progress = silentProgress } = options;
  const { queue, address } = await openTrialQueue(options.redis, progress, "the worker");
  progress.say(`Waiting for trials at ${address.shown}`);
  try {
    return await new TrialServer(queue, options, progress).serve(address.options);
  } finally {
    await closeQueue(queue);
  }
}

class TrialServer {
  private readonly stop: AbortController;
  private readonly free: ProcessRunner[];
  private readonly hashes = new Map<string, Promise<string>>();
  private readonly counts = { finished: 0, failed: 0, givenBack: 0 };
  private readonly lockMs: number;
  private fault: InputError | undefined;

  constructor(
    private readonly queue: TrialQueue,
    private readonly options: TrialWorkerOptions,
    private readonly progress: Progress,
  ) {
    this.stop = stopper(options.signal);
    this.lockMs = lockTime(options);
    this.free = processRunners(options.workers ?? 1, this.lockMs / 3000);
  }

  /** Takes trials until it is stopped. @throws {InputError} if this worker had to refuse a trial */
  async serve(connection: RedisOptions): Promise<WorkerSummary> {
    await takeJobs<QueuedTrial, TrialReport, "trial">(QUEUE, connection, this.options, this.stop, (job, token) =>
      this.process(job, token),
    );
    for (const runner of this.free) runner.close();
    if (this.fault) throw this.fault;
    return this.counts;
  }

  private async process(queued: TrialInQueue, token: string): Promise<TrialReport> {
    const runner = this.free.pop() as ProcessRunner;
    try {
      const refusal = await this.refusalOf(queued.data);
      if (refusal) return { type: "refused", reason: refusal };
      return await this.runTrial(queued, token, runner);
    } finally {
      this.free.push(runner);
    }
  }

  private async runTrial(queued: TrialInQueue, token: string, runner: ProcessRunner): Promise<TrialReport> {
    const { job } = queued.data;
    const controller = new AbortController();
    const interrupt = () => controller.abort(new Interrupted());
    const watch = new TrialWatch(this.queue, queued, token, { onLost: () => runner.kill(), onCancelled: interrupt });
    if (watch.cancelled) return { type: "interrupted" };
    this.stop.signal.addEventListener("abort", interrupt);
    if (this.stop.signal.aborted) interrupt();
    const watching = watch.run(this.lockMs);
    this.progress.say(`Trial ${job.trial} of ${queued.data.directory}: ${JSON.stringify(job.options.hidden ?? {})}`);
    try {
      const outcome = await this.runIn(runner, queued, watch, controller.signal);
      this.counts.finished++;
      this.progress.say(`Trial ${job.trial}: ${job.objective} ${plainDecimal(outcome.value, 4)}`);
      return { type: "finished", outcome };
    } catch (error) {
      if (watch.lost) throw new WorkerLost("its lock was lost");
      if (error instanceof Interrupted) return await this.giveBack(queued, token, watch);
      if (error instanceof WorkerLost) throw error;
      if (error instanceof MachineFault) {
        return { type: "refused", reason: this.refuse("WORKER_FAULT", error.reason.replace(/\.$/, "")) };
      }
      this.counts.failed++;
      this.progress.say(`Trial ${job.trial} failed: ${messageOf(error)}`);
      return { type: "failed", reason: messageOf(error) };
    } finally {
      watch.end();
      this.stop.signal.removeEventListener("abort", interrupt);
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
    this.progress.say(`Trial ${queued.data.job.trial} was saved and given back.`);
    return giveBack(queued, token);
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
      return `Trial ${job.trial} belongs to a search that is no longer in ${directory}.`;
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
    this.stop.abort(new Interrupted());
    return `The worker on ${hostname()} cannot take trials: ${why}.`;
  }
}
