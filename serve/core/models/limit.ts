/** @module A limit on how much happens at once. */

/** Lets at most `size` tasks run at a time; the rest wait in order. */
export class Limit {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly size: number) {}

  /** Tasks that run or wait. */
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
      // A waiting task takes over the place, so `active` stays as it is.
      if (next) next();
      else this.active--;
    }
  }
}
