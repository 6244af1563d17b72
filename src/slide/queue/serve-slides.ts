/** @module The worker: predicts queued slides into the shared folder and resumes the work of other workers. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { DelayedError, type Job, Worker } from "bullmq";
import { HistoError, InputError, Interrupted } from "../../errors/index";
import { type Progress, silentProgress } from "../../progress/index";
import { closeQueue, lockExpiry, openQueue, parseRedisUrl } from "../../queue/index";
import { predictSlide } from "../predict-slide";
import { LIVES, PROTOCOL, QUEUE, type QueuedSlide, type SlideQueue, type SlideReport } from "./protocol";

interface SlideWorkerOptions {
  readonly redis: string;
  /** Number of concurrent slides. Default: 1. */
  readonly workers?: number | undefined;
  /** Seconds without a sign of life after which another worker gets the slide. Default: 30. */
  readonly lostAfter?: number | undefined;
  /** Seconds without a slide after which the worker ends. Default: never. */
  readonly idle?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Counts of a worker's slides. */
interface SlideWorkerSummary {
  readonly finished: number;
  readonly failed: number;
  /** Unfinished slides that were returned to the queue. */
  readonly givenBack: number;
}

const LOOK_MS = 500;

type SlideJob = Job<QueuedSlide, SlideReport, "slide">;

/**
 * Predicts slides until it is stopped: then the finished part of the current slide is kept and the slide returned.
 * @throws {HistoError} `REDIS_UNREACHABLE`; {InputError} `WORKER_VERSION` or `WORKER_SEES_NO_SLIDE` if this machine cannot take
 * slides
 */
export async function serveSlides(options: SlideWorkerOptions): Promise<SlideWorkerSummary> {
  const { progress = silentProgress, signal, idle = Number.POSITIVE_INFINITY } = options;
  const address = parseRedisUrl(options.redis);
  const queue: SlideQueue = await openQueue(address, QUEUE, () => undefined);
  const lockMs = 1000 * (options.lostAfter ?? 30);
  const counts = { finished: 0, failed: 0, givenBack: 0 };
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Interrupted());
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted) interrupt();
  let fault: InputError | undefined;
  let [busy, lastActive] = [0, Date.now()];

  const take = async (job: SlideJob, token = ""): Promise<SlideReport> => {
    busy++;
    try {
      fault ??= refusalOf(job.data);
      if (fault) {
        interrupt();
        return await giveBack(job, token);
      }
      progress.say(`${job.data.path}: begun`);
      const report = await predictQueued(queue, job, token, { lockMs, progress, signal: stop.signal });
      if (report.type === "interrupted" && !job.data.cancelled) {
        counts.givenBack++;
        return await giveBack(job, token);
      }
      if (report.type !== "interrupted") counts[report.type]++;
      return report;
    } finally {
      busy--;
      lastActive = Date.now();
    }
  };
  const worker = new Worker<QueuedSlide, SlideReport, "slide">(QUEUE, take, {
    connection: address.options,
    name: `${hostname()}-${process.pid}`,
    concurrency: options.workers ?? 1,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: LIVES - 1,
  });
  // BullMQ reconnects by itself; predictQueued notices a lost lock.
  worker.on("error", () => undefined);
  progress.say(`Waiting for slides at ${address.shown}`);
  while (!stop.signal.aborted && (busy > 0 || Date.now() - lastActive < 1000 * idle)) {
    await setTimeout(LOOK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  interrupt();
  // Waits until the current slides are returned, which without Redis would take forever.
  await Promise.race([worker.close(), setTimeout(lockMs)]);
  await closeQueue(queue);
  if (fault) throw fault;
  return counts;
}

interface PredictQueuedOptions {
  readonly lockMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Predicts a slide, and stops if the lock is lost or the slide cancelled. */
async function predictQueued(
  queue: SlideQueue,
  job: SlideJob,
  token: string,
  { lockMs, progress, signal }: PredictQueuedOptions,
): Promise<SlideReport> {
  const ending = new AbortController();
  let lost = false;
  const watch = async () => {
    let holdsUntil = Date.now() + lockMs;
    while (!ending.signal.aborted) {
      await setTimeout(LOOK_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      // While Redis is unreachable, the last known lock counts.
      holdsUntil = (await lockExpiry(queue, job.id as string, token).catch(() => holdsUntil)) ?? 0;
      lost ||= Date.now() > holdsUntil;
      job.data = (await queue.getJob(job.id as string).catch(() => undefined))?.data ?? job.data;
      if (lost || job.data.cancelled) ending.abort(new Interrupted());
    }
  };
  const watching = watch();
  try {
    const { path, settings } = job.data;
    const together = AbortSignal.any([signal, ending.signal]);
    const result = await predictSlide(path, { ...settings, resume: true, progress, signal: together });
    return { type: "finished", result };
  } catch (error) {
    if (error instanceof Interrupted) {
      if (lost) throw new Error("its lock was lost");
      return { type: "interrupted" };
    }
    if (!(error instanceof HistoError)) throw error;
    return { type: "failed", code: error.code, message: error.message };
  } finally {
    ending.abort(new Interrupted());
    await watching;
  }
}

/** Returns a slide to the queue for another worker. */
async function giveBack(job: SlideJob, token: string): Promise<never> {
  await job.moveToDelayed(Date.now(), token);
  throw new DelayedError();
}

/** The reason why this machine cannot take slides. */
function refusalOf({ protocol, path, settings }: QueuedSlide): InputError | undefined {
  if (protocol !== PROTOCOL) {
    return new InputError(
      "WORKER_VERSION",
      "This worker cannot take slides: they come from another version of this program.",
    );
  }
  const missing = [path, settings.model].find((needed) => !existsSync(needed));
  if (missing === undefined) return undefined;
  const message = `This worker cannot take slides: ${missing} is not here; mount the shared folder under this path.`;
  return new InputError("WORKER_SEES_NO_SLIDE", message);
}
