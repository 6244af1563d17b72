/** @module The worker: predicts queued slides into the shared folder and resumes the work of other workers. */
import { existsSync } from "node:fs";
import type { Job } from "bullmq";
import { HistoError, InputError, Interrupted } from "../../errors/index";
import { type Progress, silentProgress } from "../../progress/index";
import {
  closeQueue,
  giveBack,
  lockTime,
  openQueue,
  parseRedisUrl,
  stopper,
  takeJobs,
  type WorkerOptions,
  type WorkerSummary,
  watchJob,
} from "../../queue/index";
import { predictSlide } from "../predict-slide";
import { PROTOCOL, QUEUE, type QueuedSlide, type SlideQueue, type SlideReport } from "./protocol";

type SlideJob = Job<QueuedSlide, SlideReport, "slide">;

/**
 * Predicts slides until it is stopped: then the finished part of the current slide is kept and the slide returned.
 * @throws {HistoError} `REDIS_UNREACHABLE`; {InputError} `WORKER_VERSION` or `WORKER_SEES_NO_SLIDE` if this machine cannot take
 * slides
 */
export async function serveSlides(options: WorkerOptions): Promise<WorkerSummary> {
  const { progress = silentProgress } = options;
  const address = parseRedisUrl(options.redis);
  const queue: SlideQueue = await openQueue(address, QUEUE, () => undefined);
  const counts = { finished: 0, failed: 0, givenBack: 0 };
  const stop = stopper(options.signal);
  let fault: InputError | undefined;

  const take = async (job: SlideJob, token: string): Promise<SlideReport> => {
    fault ??= refusalOf(job.data);
    if (fault) {
      stop.abort(new Interrupted());
      return giveBack(job, token);
    }
    progress.say(`${job.data.path}: begun`);
    const report = await predictQueued(queue, job, token, { lockMs: lockTime(options), progress, signal: stop.signal });
    if (report.type === "interrupted" && !job.data.cancelled) {
      counts.givenBack++;
      return giveBack(job, token);
    }
    if (report.type !== "interrupted") counts[report.type]++;
    return report;
  };
  progress.say(`Waiting for slides at ${address.shown}`);
  await takeJobs(QUEUE, address.options, options, stop, take);
  await closeQueue(queue);
  if (fault) throw fault;
  return counts;
}

/** Predicts a slide, and stops if the lock is lost or the slide cancelled. */
async function predictQueued(
  queue: SlideQueue,
  job: SlideJob,
  token: string,
  { lockMs, progress, signal }: { lockMs: number; progress: Progress; signal: AbortSignal },
): Promise<SlideReport> {
  const ending = new AbortController();
  let lost = false;
  const watching = watchJob(queue, { id: job.id as string, token, lockMs }, ending.signal, {
    lost() {
      lost = true;
      ending.abort(new Interrupted());
    },
    data(data) {
      job.data = data;
      if (data.cancelled) ending.abort(new Interrupted());
    },
  });
  try {
    const { path, settings } = job.data;
    const together = AbortSignal.any([signal, ending.signal]);
    const result = await predictSlide(path, { ...settings, resume: true, shared: true, progress, signal: together });
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

/** The reason why this machine cannot take slides. */
function refusalOf({ protocol, path, settings }: QueuedSlide): InputError | undefined {
  if (protocol !== PROTOCOL) {
    const message = "This worker cannot take slides: they come from another version of this program.";
    return new InputError("WORKER_VERSION", message);
  }
  const missing = [path, settings.model].find((needed) => !existsSync(needed));
  if (missing === undefined) return undefined;
  const message = `This worker cannot take slides: ${missing} is not here; mount the shared folder under this path.`;
  return new InputError("WORKER_SEES_NO_SLIDE", message);
}
