/** @module The time of a benchmark: whatever the machine, it ends within ten minutes, and says what it left out. */
import { Interrupted } from "../src/errors/index";

/** Seconds after which no more is begun or waited for; the rest of the ten minutes is for what comes before and after. */
const BENCHMARK_SECONDS = 540;

/** Why a result is not whole, and what there is of it. */
export interface Partial {
  readonly state: "interrupted" | "out of time";
  /** Such as `2 of 3 rounds`. */
  readonly done: readonly string[];
}

/** Counts down from when it is first asked. */
export class TimeBudget {
  private end: number | undefined;
  private readonly done: string[] = [];
  /** Aborted when the user stops the benchmark or its time is over. */
  readonly signal: AbortSignal;

  constructor(
    private readonly interrupted: AbortSignal,
    private readonly seconds = BENCHMARK_SECONDS,
    private readonly ended = new AbortController(),
  ) {
    this.signal = AbortSignal.any([interrupted, ended.signal]);
  }

  /** Seconds that are left. Peers are installed before the first call, which costs no time of the benchmark. */
  get left(): number {
    if (this.end === undefined) {
      this.end = performance.now() + 1000 * this.seconds;
      setTimeout(() => this.ended.abort(new Interrupted("The benchmark's time is over.")), 1000 * this.seconds).unref();
    }
    return Math.max(0, (this.end - performance.now()) / 1000);
  }

  /**
   * Does something up to `most` times: no more when another time would not fit, and at once when the user stops it. What was
   * measured before stays, and {@link partial} says how often it was done.
   */
  async rounds(most: number, work: (round: number) => Promise<unknown>, what = "rounds"): Promise<void> {
    let longest = 0;
    for (let round = 0; round < most; round++) {
      const before = this.left;
      if (this.signal.aborted || before < longest) return this.note(round, most, what);
      try {
        await work(round);
      } catch (error) {
        // Ctrl-C reaches child processes too, perhaps before this one.
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (!this.signal.aborted) throw error;
        return this.note(round, most, what);
      }
      longest = Math.max(longest, before - this.left);
    }
  }

  /** Something was measured by a smaller number than wanted. */
  note(done: number, wanted: number, what: string): void {
    if (done < wanted) this.done.push(`${done} of ${wanted} ${what}`);
  }

  /** Undefined where everything was measured. */
  get partial(): Partial | undefined {
    const state = this.interrupted.aborted ? "interrupted" : "out of time";
    return this.done.length > 0 || this.signal.aborted ? { state, done: this.done } : undefined;
  }
}
