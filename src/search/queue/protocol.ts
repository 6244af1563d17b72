/**
 * @module The messages between a search and its workers through Redis. The journal of the search has the whole state: Redis
 * may be emptied at any time, and the search then queues its open trials again.
 */
import type { Queue } from "bullmq";
import { sha256 } from "../../files/index";
import type { Progress } from "../../progress/index";
import { openQueue, parseRedisUrl } from "../../queue/index";
import type { TrialOutcome } from "../journal";
import type { TrialJob } from "../trial";

/** Name of the queue. All searches share it, and any worker takes any trial. */
export const QUEUE = "histo-trials";
/** Increase this when workers of the previous version must not take the trials of the new one. */
export const PROTOCOL = 1;

/** A trial in the queue. Only the search changes it. */
export interface QueuedTrial {
  readonly protocol: number;
  /** See {@link queuedSearchId}. */
  readonly search: string;
  /** Absolute path of the search's directory, which must be the same for workers. */
  readonly directory: string;
  /** Hash of the data set's tiles, labels and files. */
  readonly dataHash: string;
  readonly job: TrialJob;
  /** By the epoch of a rung: true to stop there. */
  readonly answers?: Readonly<Record<string, boolean>>;
  /** The search was stopped: save a checkpoint and return the trial. */
  readonly cancelled?: boolean;
}

/** The merit of a trial at its rungs, by epoch. */
export type Merits = Readonly<Record<string, number>>;

/** How a trial ended. */
export type TrialReport =
  | { readonly type: "finished"; readonly outcome: TrialOutcome }
  | { readonly type: "failed"; readonly reason: string }
  /** It was cancelled, and can continue from its checkpoint. */
  | { readonly type: "interrupted" }
  /** The worker cannot take trials of this search. */
  | { readonly type: "refused"; readonly reason: string };

export type TrialQueue = Queue<QueuedTrial, TrialReport, "trial">;

/** Opens the queue, and reports once when Redis no longer answers. @throws {HistoError} if Redis cannot be reached */
export async function openTrialQueue(redis: string, progress: Progress, waits: "the search" | "the worker") {
  const address = parseRedisUrl(redis);
  let isAway = false;
  const queue: TrialQueue = await openQueue(address, QUEUE, () => {
    if (!isAway) progress.say(`${address.shown} does not answer any more; ${waits} waits for it.`);
    isAway = true;
  });
  return { queue, address };
}

/** The content of `queue.json`, for a search that has queued trials. */
export interface QueueFile {
  readonly search: string;
}

/** The id of a search in the queue. A copy of its directory is a different search. */
export function queuedSearchId(directory: string, { search }: QueueFile): string {
  return sha256(`${search} ${directory}`).slice(0, 16);
}
