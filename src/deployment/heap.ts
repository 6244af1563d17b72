/** @module A priority queue of times: the events of the simulations. */

/** Binary min-heap of numbers. */
export class TimeHeap {
  private readonly times: number[] = [];

  get size(): number {
    return this.times.length;
  }

  /** The earliest time, `Infinity` when empty. */
  get first(): number {
    return this.times[0] ?? Number.POSITIVE_INFINITY;
  }

  add(time: number): void {
    const { times } = this;
    let index = times.length;
    times.push(time);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (times[parent]! <= time) break;
      times[index] = times[parent]!;
      index = parent;
    }
    times[index] = time;
  }

  /** Removes and returns the earliest time. */
  take(): number {
    const { times } = this;
    const first = this.first;
    const last = times.pop();
    if (last === undefined || times.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= times.length) break;
      if (child + 1 < times.length && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= last) break;
      times[index] = times[child]!;
      index = child;
    }
    times[index] = last;
    return first;
  }
}
