/**
 * @module Monitors a trial of a worker: its lock, the answers of the search, and a cancellation. A trial whose lock is lost
 * belongs to another worker, and this one must not write into its directory.
 */
import { setTimeout } from "node:timers/promises";
import { Job } from "bullmq";
import { lockExpiry } from "../../queue/index";
import type { QueuedTrial, TrialQueue, TrialReport } from "./protocol";

const LOOK_MS = 500;

interface WatchEvents {
  /** The trial no longer belongs to this worker. */
  onLost(): void;
  /** The search was stopped. */
  onCancelled(): void;
}

/** Monitors one trial until it ends. */
export class TrialWatch {
  private ended = false;
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
  async run(lockMs: number): Promise<void> {
    let holdsUntil = Date.now() + lockMs;
    while (!this.ended && !this.lost) {
      await setTimeout(LOOK_MS);
      if (this.ended) return;
      // Without Redis, the trial belongs to this worker until the last known lock ends.
      holdsUntil = (await this.lock().catch(() => holdsUntil)) ?? 0;
      if (this.ended) return;
      if (Date.now() > holdsUntil) {
        this.lost = true;
        this.events.onLost();
        return;
      }
      const now = await Job.fromId<QueuedTrial, TrialReport>(this.queue, this.job.id as string).catch(() => undefined);
      if (!now) continue;
      this.answers = now.data.answers ?? {};
      if (now.data.cancelled && !this.cancelled) {
        this.cancelled = true;
        this.events.onCancelled();
      }
    }
  }

  end(): void {
    this.ended = true;
  }

  /**
   * The search's answer at a rung: true to stop. False if there is none in time because the search is not running; a later
   * answer then applies at the next rung.
   */
  async answerAt(epoch: number, patienceMs: number, signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + patienceMs;
    while (this.answers[epoch] === undefined && Date.now() < until && !signal.aborted && !this.lost) {
      await setTimeout(LOOK_MS / 5);
    }
    return Object.values(this.answers).some(Boolean);
  }

  private lock(): Promise<number | undefined> {
    return lockExpiry(this.queue, this.job.id as string, this.token);
  }
}
