/**
 * @module Monitors a trial of a worker: its lock, the answers of the search, and a cancellation. A trial whose lock is lost
 * belongs to another worker, and this one must not write into its directory.
 */
import { setTimeout } from "node:timers/promises";
import type { Job } from "bullmq";
import { watchJob } from "../../queue/index";
import type { QueuedTrial, TrialQueue, TrialReport } from "./protocol";

const LOOK_MS = 100;

interface WatchEvents {
  /** The trial no longer belongs to this worker. */
  onLost(): void;
  /** The search was stopped. */
  onCancelled(): void;
}

/** Monitors one trial until it ends. */
export class TrialWatch {
  private readonly ending = new AbortController();
  private answers: Readonly<Record<string, boolean>>;
  lost = false;
  cancelled: boolean;

  constructor(
    private readonly queue: TrialQueue,
    private readonly job: Job<QueuedTrial, TrialReport>,
    private readonly token: string,
    private readonly events: WatchEvents,
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

  /**
   * The search's answer at a rung: true to stop. False if there is none in time because the search is not running; a later
   * answer then applies at the next rung.
   */
  async answerAt(epoch: number, patienceMs: number, signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + patienceMs;
    while (this.answers[epoch] === undefined && Date.now() < until && !signal.aborted && !this.lost) {
      await setTimeout(LOOK_MS);
    }
    return Object.values(this.answers).some(Boolean);
  }
}
