/** @module Queues slides for workers, one job each, and yields the results in any order. */
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Job } from "bullmq";
import { Interrupted, messageOf } from "../../errors/index";
import { sha256 } from "../../files/index";
import type { Progress } from "../../progress/index";
import { closeQueue, jobOptions, lostItsWorkers, MOST_STARTS, openQueue, parseRedisUrl } from "../../queue/index";
import type { SlideOutcome } from "../slide-options";
import { PROTOCOL, QUEUE, type QueuedSlide, type SlideQueue, type SlideReport, type SlideSettings } from "./protocol";

const POLL_MS = 250;
/** Time for workers to stop when the run is stopped. */
const STOP_MS = 20_000;

interface Order {
  readonly name: string;
  readonly path: string;
  readonly settings: SlideSettings;
}

interface HandOutOptions {
  readonly redis: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Queues slides and yields them as they are finished. Does not queue a slide again that is still queued after an earlier
 * run was killed. A worker only checks a slide that is finished already.
 * @throws {HistoError} `REDIS_UNREACHABLE`; {Interrupted} if stopped
 */
export async function* handOut(orders: readonly Order[], options: HandOutOptions): AsyncGenerator<SlideOutcome> {
  const { redis, progress, signal } = options;
  const address = parseRedisUrl(redis);
  let lastLine = "";
  const say = (line: string) => {
    if (line !== lastLine) progress.say(line);
    lastLine = line;
  };
  const away = () => say(`${address.shown} does not answer; its slides are waited for.`);
  const queue: SlideQueue = await openQueue(address, QUEUE, away);
  const open = new Map(orders.map((order) => [idOf(order), order]));
  try {
    for (const [id, order] of open) await put(queue, id, order, { anew: true });
    for (; open.size > 0; await setTimeout(POLL_MS)) {
      if (signal.aborted) throw await takeBack(queue, [...open.keys()]);
      if ((await queue.getWorkersCount().catch(() => 1)) === 0) {
        say(`No worker listens at ${address.shown}; start one: npx histo worker --slides --redis ${address.shown}`);
      }
      for (const [id, order] of open) {
        const report = await reportOn(queue, id, order).catch(away);
        if (!report || report.type === "interrupted") continue;
        open.delete(id);
        yield { name: order.name, outcome: report.type === "finished" ? report.result : report };
      }
    }
  } finally {
    await closeQueue(queue);
  }
}

/** Job id, equal for the same work. */
function idOf({ path, settings }: Order): string {
  return sha256(JSON.stringify([PROTOCOL, resolve(path), absolute(settings)])).slice(0, 24);
}

function absolute(settings: SlideSettings): SlideSettings {
  return { ...settings, model: resolve(settings.model), out: resolve(settings.out) };
}

async function put(
  queue: SlideQueue,
  id: string,
  { path, settings }: Order,
  { anew }: { anew: boolean },
): Promise<void> {
  const data: QueuedSlide = { protocol: PROTOCOL, path: resolve(path), settings: absolute(settings) };
  const before = anew ? await queue.getJob(id) : undefined;
  if (before && ((await before.isCompleted()) || (await before.isFailed()))) await before.remove();
  await queue.add("slide", data, jobOptions(id));
}

/** The report of a finished slide, else undefined. Queues a slide again if Redis has lost it. */
async function reportOn(queue: SlideQueue, id: string, order: Order): Promise<SlideReport | undefined> {
  // Before the job is read, so that it has its result.
  const state = await queue.getJobState(id);
  const job = await queue.getJob(id);
  if (!job) return void (await put(queue, id, order, { anew: false }));
  if (state === "completed") {
    if (job.returnvalue.type === "interrupted") await put(queue, id, order, { anew: true });
    return job.returnvalue;
  }
  return state === "failed" ? { type: "failed", ...lost(job) } : undefined;
}

function lost(job: Job): { code: string; message: string } {
  const message = lostItsWorkers(job)
    ? `its worker ended in the middle of it, ${MOST_STARTS} times; what is done is kept`
    : job.failedReason;
  return { code: "SLIDE_WORKER_LOST", message };
}

/** Removes slides from the queue and asks workers to stop theirs. @returns the error to throw */
async function takeBack(queue: SlideQueue, ids: readonly string[]): Promise<Error> {
  const until = Date.now() + STOP_MS;
  const under: string[] = [];
  try {
    for (const id of ids) {
      const job = await queue.getJob(id);
      if (!job || (await job.isCompleted())) continue;
      // A worker may take it at this moment, and a job that is worked on cannot be removed.
      const isTaken = async () =>
        job.remove().then(
          () => false,
          () => true,
        );
      if ((await job.isActive()) || (await isTaken())) {
        await job.updateData({ ...job.data, cancelled: true });
        under.push(id);
      }
    }
    for (const id of under) {
      while (Date.now() < until && (await (await queue.getJob(id))?.isActive())) await setTimeout(POLL_MS);
    }
  } catch (error) {
    return new Interrupted(`Stopped; the workers could not be notified (${messageOf(error)}). What is done is kept.`);
  }
  return new Interrupted("Stopped; the finished part is kept. Repeat the command to continue.");
}
