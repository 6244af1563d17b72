/** @module The time of a benchmark: it ends within ten minutes on any machine and reports what it left out. */
import { Interrupted } from "../src/errors/index";

/** Seconds after which nothing is started or awaited; the rest of the ten minutes is for the work before and after. */
const BENCHMARK_SECONDS = 540;

/** Why a result is incomplete, and how much of it there is. */
export interface Partial {
  readonly state: "interrupted" | "out of time";
  /** Such as `2 of 3 rounds`. */
  readonly done: readonly string[];
}

/** The countdown starts at the first call of {@link left}. */
export class TimeBudget {
  private end: number | undefined;
  private readonly done: string[] = [];
  /** Aborts when the user stops the benchmark or its time is over. */
  readonly signal: AbortSignal;

  constructor(
    private readonly interrupted: AbortSignal,
    private readonly seconds = BENCHMARK_SECONDS,
    private readonly ended = new AbortController(),
  ) {
    this.signal = AbortSignal.any([interrupted, ended.signal]);
  }

  /** Remaining seconds. Peers are installed before the first call, so this does not count. */
  get left(): number {
    if (this.end === undefined) {
      this.end = performance.now() + 1000 * this.seconds;
      setTimeout(() => this.ended.abort(new Interrupted("The benchmark's time is over.")), 1000 * this.seconds).unref();
    }
    return Math.max(0, (this.end - performance.now()) / 1000);
  }

  /**
   * Runs `work` up to `most` times. Stops when another round would not fit, and at once when the user stops it; earlier
   * measurements are kept, and {@link partial} has the number of rounds.
   */
  async rounds(most: number, work: (round: number) => Promise<unknown>, what = "rounds"): Promise<void> {
    let longest = 0;
    for (let round = 0; round < most; round++) {
      const before = this.left;
      if (this.signal.aborted || before < longest) return this.note(round, most, what);
      try {
        await work(round);
      } catch (error) {
        // Ctrl-C also reaches child processes, perhaps before this one.
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (!this.signal.aborted) throw error;
        return this.note(round, most, what);
      }
      longest = Math.max(longest, before - this.left);
    }
  }

  /** Notes that fewer were done than wanted. */
  note(done: number, wanted: number, what: string): void {
    if (done < wanted) this.done.push(`${done} of ${wanted} ${what}`);
  }

  /** Undefined where everything was measured. */
  get partial(): Partial | undefined {
    const state = this.interrupted.aborted ? "interrupted" : "out of time";
    return this.done.length > 0 || this.signal.aborted ? { state, done: this.done } : undefined;
  }
}
