/** @module Limits how many tasks run at the same time. */

/** Runs at most `size` tasks at a time; the others wait in order. */
export class Limit {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly size: number) {}

  /** Number of running and waiting tasks. */
  get load(): number {
    return this.active + this.waiting.length;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.active >= this.size) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.active++;
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      // A waiting task takes the place, so that `active` does not change.
      if (next) next();
      else this.active--;
    }
  }
}
