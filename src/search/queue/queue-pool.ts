/** @module The search's side of the queue: queues trials, answers at rungs, and collects results. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Job } from "bullmq";
import { datasetContentHash, loadDataset } from "../../dataset/index";
import { HistoError, Interrupted, messageOf } from "../../errors/index";
import { readJson, writeJson } from "../../files/index";
import { counted } from "../../format/index";
import type { Progress } from "../../progress/index";
import { closeQueue, jobOptions, lostItsWorkers, MOST_STARTS } from "../../queue/index";
import type { TrialOutcome } from "../journal";
import type { SearchSettings } from "../settings";
import type { TrialHost, TrialJob } from "../trial";
import type { TrialPool, TrialRunner } from "../workers";
import {
  type Merits,
  openTrialQueue,
  PROTOCOL,
  type QueuedTrial,
  type QueueFile,
  queuedSearchId,
  type TrialQueue,
  type TrialReport,
} from "./protocol";

const POLL_MS = 250;
const COUNT_WORKERS_MS = 2000;
/** How long a stopped search waits until workers return its trials. */
const FAREWELL_MS = 20_000;

interface QueuePoolOptions {
  readonly redis: string;
  /** Absolute path of the search's directory. */
  readonly directory: string;
  readonly settings: Pick<SearchSettings, "data" | "dataset">;
  /** Trials in the queue at the same time. Default: the number of workers. */
  readonly workers?: number | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Runs trials on all workers that listen at Redis. */
export class QueuePool implements TrialPool, TrialRunner {
  private search = "";
  private lastLine = "";
  private workerCount = -1;
  private closed = false;
  private running: readonly Promise<void>[] = [];

  private constructor(
    private readonly queue: TrialQueue,
    private readonly dataHash: string,
    private readonly options: QueuePoolOptions,
    private readonly address: string,
  ) {}

  /** Connects, and writes nothing. @throws {HistoError} if Redis cannot be reached */
  static async open(options: QueuePoolOptions): Promise<QueuePool> {
    const { settings, progress } = options;
    const { queue, address } = await openTrialQueue(options.redis, progress, "the search");
    try {
      const dataHash = await datasetContentHash(await loadDataset(settings.data, settings.dataset));
      return new QueuePool(queue, dataHash, options, address.shown);
    } catch (error) {
      await queue.close();
      throw error;
    }
  }

  /** Sets the id of the search in the queue, which stays the same when it continues. */
  async begin(): Promise<void> {
    const { directory } = this.options;
    const path = join(directory, "queue.json");
    if (!existsSync(path)) await writeJson(path, { search: randomUUID() } satisfies QueueFile);
    this.search = queuedSearchId(directory, await readJson<QueueFile>(path));
  }

  async each(work: (runner: TrialRunner) => Promise<void>): Promise<void> {
    const { workers, signal } = this.options;
    const running: Promise<void>[] = [];
    let ended = 0;
    const more = () => {
      const one = work(this).finally(() => ended++);
      // It is waited for below, but may fail before that, while the workers are counted.
      one.catch(() => undefined);
      running.push(one);
      this.running = running;
    };
    for (let i = 0; i < (workers ?? 1); i++) more();
    while (ended === 0 && !signal.aborted) {
      const count = await this.countWorkers();
      while (workers === undefined && ended === 0 && running.length < count) more();
      await Promise.race([...running, pause(COUNT_WORKERS_MS, signal)]);
    }
    await Promise.all(running);
  }

  async run(job: TrialJob, host: TrialHost): Promise<TrialOutcome> {
    for (;;) {
      const report = await this.reportOn(job, host);
      if (report?.type === "finished") return report.outcome;
      if (report?.type === "failed") throw new HistoError("SEARCH_TRIAL_FAILED", report.reason);
      if (host.signal.aborted || this.closed) throw new Interrupted();
      if (report?.type === "refused") this.say(report.reason);
      // Redis was emptied. A worker with this trial notices that within a second and stops it.
      if (!report) await pause(3000, host.signal);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.running);
    await closeQueue(this.queue);
  }

  /** Queues a trial and waits for its report; undefined if it was lost (Redis was emptied). */
  private async reportOn(job: TrialJob, host: TrialHost): Promise<TrialReport | undefined> {
    const { search, dataHash } = this;
    const data: QueuedTrial = { protocol: PROTOCOL, search, directory: this.options.directory, dataHash, job };
    const id = `${search}-${basename(job.run)}`;
    const leaving = () => host.signal.aborted || this.closed;
    let farewell = Number.POSITIVE_INFINITY;
    let added = false;
    let starts = 0;
    for (; Date.now() < farewell; await pause(POLL_MS)) {
      const look = await this.ask(async () => {
        // Adds nothing if it is in the queue already because this search was killed before.
        if (!added) await this.queue.add("trial", data, jobOptions(id));
        added = true;
        return { state: await this.queue.getJobState(id), queued: await this.queue.getJob(id) };
      });
      if (!look) {
        if (leaving()) break;
        continue;
      }
      const { state, queued } = look;
      if (!queued) return undefined;
      if (state === "completed" || state === "failed") {
        await this.ask(() => queued.remove());
        return state === "completed" ? queued.returnvalue : lostReport(queued);
      }
      if (starts > 0 && queued.attemptsStarted > starts) {
        this.options.progress.say(`Trial ${job.trial} was restarted; it continues from its checkpoint.`);
      }
      starts = queued.attemptsStarted;
      const answers = await answersTo(job, queued.progress, queued.data.answers ?? {}, host);
      if (answers) await this.ask(() => queued.updateData({ ...queued.data, answers }));
      if (!leaving() || farewell < Number.POSITIVE_INFINITY) continue;
      farewell = Date.now() + FAREWELL_MS;
      if (state !== "active" && (await this.ask(() => queued.remove().then(() => true)))) break;
      await this.ask(() => queued.updateData({ ...queued.data, cancelled: true }));
    }
    return { type: "interrupted" };
  }

  /** Sends a command to Redis. Reports a failure and returns undefined, so that the caller can retry. */
  private async ask<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      return await command();
    } catch (error) {
      if (!this.closed) this.say(`${this.address}: ${messageOf(error)}`);
      await pause(1000);
      return undefined;
    }
  }

  private async countWorkers(): Promise<number> {
    const count = await this.queue.getWorkersCount().catch(() => this.workerCount);
    if (count !== this.workerCount) this.options.progress.say(this.describeWorkers(count));
    this.workerCount = count;
    return count;
  }

  private describeWorkers(count: number): string {
    if (count > 0) return `${counted(count, "worker")} at ${this.address}`;
    return `No worker listens at ${this.address}; start one on any machine: npx histo worker --redis ${this.address}`;
  }

  private say(line: string): void {
    if (line !== this.lastLine) this.options.progress.say(line);
    this.lastLine = line;
  }
}

/** The answers for rungs that have none yet. */
async function answersTo(
  { trial }: TrialJob,
  progress: unknown,
  known: Readonly<Record<string, boolean>>,
  { atRung }: TrialHost,
): Promise<Readonly<Record<string, boolean>> | undefined> {
  const merits = typeof progress === "object" && progress ? (progress as Merits) : {};
  const open = Object.entries(merits).filter(([epoch]) => known[epoch] === undefined);
  if (open.length === 0) return undefined;
  const answers: Record<string, boolean> = { ...known };
  for (const [epoch, merit] of open) answers[epoch] = await atRung(trial, Number(epoch), merit);
  return answers;
}

function lostReport(job: Job): TrialReport {
  const reason = lostItsWorkers(job) ? `Its worker ended during the trial, ${MOST_STARTS} times.` : job.failedReason;
  return { type: "failed", reason };
}

async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  // The connection keeps the process alive, not this timer.
  await setTimeout(milliseconds, undefined, { ref: false, ...(signal && { signal }) }).catch(() => undefined);
}
