/**
 * @module What a search and its workers tell each other through Redis. The journal of the search stays the only truth:
 * Redis may be emptied at any time, and the search puts what is open in the queue again.
 */
import type { Queue } from "bullmq";
import { sha256 } from "../../files/index";
import type { TrialOutcome } from "../journal";
import type { TrialJob } from "../trial";

/** Name of the queue. All searches share it, and any worker takes any trial. */
export const QUEUE = "histo-trials";
/** Raise when a worker of the former version must not take the new one's trials. */
export const PROTOCOL = 1;
/** How many times a trial is begun whose workers, or their processes, end in the middle. */
export const LIVES = 3;

/** A trial in the queue. Only the search changes it. */
export interface QueuedTrial {
  readonly protocol: number;
  /** See {@link queuedSearchId}. */
  readonly search: string;
  /** The search's directory, absolute; workers must see it under the same name. */
  readonly directory: string;
  /** Of the data set's tiles, labels and files. */
  readonly dataHash: string;
  readonly job: TrialJob;
  /** Whether to end at a rung, by epoch. */
  readonly answers?: Readonly<Record<string, boolean>>;
  /** The search was stopped: save a checkpoint and let go. */
  readonly cancelled?: boolean;
}

/** What a worker has to say of a trial at its rungs: the merit, by epoch. */
export type Merits = Readonly<Record<string, number>>;

/** How a trial ended, for the search to write down. */
export type TrialReport =
  | { readonly type: "finished"; readonly outcome: TrialOutcome }
  | { readonly type: "failed"; readonly reason: string }
  /** It was cancelled; it can go on from its checkpoint. */
  | { readonly type: "interrupted" }
  /** The worker cannot take this search's trials. */
  | { readonly type: "refused"; readonly reason: string };

export type TrialQueue = Queue<QueuedTrial, TrialReport, "trial">;

/** `queue.json` of a search that has handed out trials. */
export interface QueueFile {
  readonly search: string;
}

/** The id of a search in the queue. A copied directory is another search. */
export function queuedSearchId(directory: string, { search }: QueueFile): string {
  return sha256(`${search} ${directory}`).slice(0, 16);
}
