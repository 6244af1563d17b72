/** @module The events of the simulations in order of time. */

/** Times of future events. Few at once (one per busy environment or place), so that a sorted list is fast enough. */
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
    let at = this.times.length;
    while (at > 0 && this.times[at - 1]! < time) at--;
    this.times.splice(at, 0, time);
  }

  /** Removes and returns the earliest time. */
  take(): number {
    return this.times.pop() ?? Number.POSITIVE_INFINITY;
  }
}
