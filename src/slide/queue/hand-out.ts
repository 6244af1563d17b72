/** @module Hands slides out to workers, one job each, and takes what comes back in any order. */
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Job } from "bullmq";
import { Interrupted, messageOf } from "../../errors/index";
import { sha256 } from "../../files/index";
import type { Progress } from "../../progress/index";
import { openQueue, parseRedisUrl } from "../../queue/index";
import type { SlideResult } from "../predict-slide";
import {
  LIVES,
  PROTOCOL,
  QUEUE,
  type QueuedSlide,
  type SlideQueue,
  type SlideReport,
  type SlideSettings,
} from "./protocol";

const POLL_MS = 250;
/** How long a stopped run waits for workers to let go. */
const FAREWELL_MS = 20_000;
/** Reports that nobody fetched are forgotten; the results lie in the shared folder. */
const KEEP = { age: 7 * 24 * 3600 };

/** A slide to hand out, with its own folder for results. */
interface Order {
  readonly name: string;
  readonly path: string;
  readonly settings: SlideSettings;
}

/** A slide that has come back. */
interface Returned {
  readonly name: string;
  readonly outcome: SlideResult | { readonly code: string; readonly message: string };
}

interface HandOutOptions {
  readonly redis: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Puts slides into the queue and yields them as they are done. A slide that is in the queue already, because this was killed
 * before, is not added again; one that was done before costs its worker a look.
 * @throws {HistoError} `REDIS_UNREACHABLE`; {Interrupted} when stopped
 */
export async function* handOut(orders: readonly Order[], options: HandOutOptions): AsyncGenerator<Returned> {
  const { redis, progress, signal } = options;
  const address = parseRedisUrl(redis);
  let said = "";
  const say = (line: string) => {
    if (line !== said) progress.say(line);
    said = line;
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
    await Promise.race([queue.close().catch(() => undefined), setTimeout(2000)]);
  }
}

/** The same work has the same name in the queue. */
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
  // Where it is waiting or under way, nothing is added.
  await queue.add("slide", data, { jobId: id, attempts: LIVES, removeOnComplete: KEEP, removeOnFail: KEEP });
}

/** How a slide ended; undefined where it has not. One that got lost, because Redis was emptied, is put in again. */
async function reportOn(queue: SlideQueue, id: string, order: Order): Promise<SlideReport | undefined> {
  const job = await queue.getJob(id);
  if (!job) return void (await put(queue, id, order, { anew: false }));
  if (await job.isCompleted()) {
    if (job.returnvalue.type === "interrupted") await put(queue, id, order, { anew: true });
    return job.returnvalue;
  }
  return (await job.isFailed()) ? { type: "failed", ...lost(job) } : undefined;
}

function lost({ failedReason }: Job): { code: string; message: string } {
  const message = /stalled/.test(failedReason)
    ? `its worker ended in the middle of it, ${LIVES} times; what is done is kept`
    : failedReason;
  return { code: "SLIDE_WORKER_LOST", message };
}

/** Takes slides out of the queue, and tells workers that have one to let go. @returns what to throw */
async function takeBack(queue: SlideQueue, ids: readonly string[]): Promise<Error> {
  const until = Date.now() + FAREWELL_MS;
  const under: string[] = [];
  try {
    for (const id of ids) {
      const job = await queue.getJob(id);
      if (!job || (await job.isCompleted())) continue;
      if (!(await job.isActive())) await job.remove();
      else {
        await job.updateData({ ...job.data, cancelled: true });
        under.push(id);
      }
    }
    for (const id of under) {
      while (Date.now() < until && (await (await queue.getJob(id))?.isActive())) await setTimeout(POLL_MS);
    }
  } catch (error) {
    return new Interrupted(`Stopped; workers could not be told (${messageOf(error)}). What is done is kept.`);
  }
  return new Interrupted("Stopped; the finished part is kept. Repeat the command to continue.");
}
