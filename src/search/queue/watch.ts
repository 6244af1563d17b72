/**
 * @module A worker's watch over a trial: is it still this worker's, what has the search answered, was it called off? A trial
 * whose lock is lost belongs to somebody else, and nothing more may be written into its directory.
 */
import { setTimeout } from "node:timers/promises";
import { Job } from "bullmq";
import { lockHoldsUntil } from "../../queue/index";
import type { QueuedTrial, TrialQueue, TrialReport } from "./protocol";

const LOOK_MS = 500;

interface WatchEvents {
  /** The trial belongs to another worker now, or to nobody. */
  onLost(): void;
  /** The search was stopped. */
  onCancelled(): void;
}

/** Looks after one trial until it is ended. */
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

  /** @param lockMs how long the lock holds that was just taken */
  async run(lockMs: number): Promise<void> {
    let holdsUntil = Date.now() + lockMs;
    while (!this.ended && !this.lost) {
      await setTimeout(LOOK_MS);
      if (this.ended) return;
      // Without Redis there is no telling; the trial is this worker's for as long as the lock that was seen last.
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
   * The search's answer at a rung; false where none comes in time, because the search is not there: then the trial goes on,
   * and an answer that comes later counts at the next rung.
   */
  async answerAt(epoch: number, patienceMs: number, signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + patienceMs;
    while (this.answers[epoch] === undefined && Date.now() < until && !signal.aborted && !this.lost) {
      await setTimeout(LOOK_MS / 5);
    }
    return Object.values(this.answers).some(Boolean);
  }

  private lock(): Promise<number | undefined> {
    return lockHoldsUntil(this.queue, this.job.id as string, this.token);
  }
}
