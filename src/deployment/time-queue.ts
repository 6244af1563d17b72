/** @module The events of the simulations in order of time. */

/** Times of future events. Thousands at once (one per busy environment or place), so that a sorted list is fast enough. */
export class TimeQueue {
  /** Descending: the earliest is removed at the end. */
  private readonly times: number[] = [];

  get size(): number {
    return this.times.length;
  }

  /** The earliest time, `Infinity` when empty. */
  get first(): number {
    return this.times.at(-1) ?? Number.POSITIVE_INFINITY;
  }

  add(time: number): void {
    let [from, to] = [0, this.times.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.times[middle]! < time) to = middle;
      else from = middle + 1;
    }
    this.times.splice(from, 0, time);
  }

  /** Removes and returns the earliest time. */
  take(): number {
    return this.times.pop() ?? Number.POSITIVE_INFINITY;
  }
}
