/** @module Times steps in a process of a benchmark, as many as its share of the time allows. */

/** Steps that do not count; at least one more follows. */
const WARM_UP = 2;

/** Times up to `most` steps. @returns the seconds of each */
export function timeSteps(most: number, step: () => void): number[] {
  const limit = 1000 * Number(process.env.HISTO_BENCH_SECONDS ?? Number.POSITIVE_INFINITY);
  const seconds: number[] = [];
  while (seconds.length < most) {
    const started = performance.now();
    step();
    const ended = performance.now();
    seconds.push((ended - started) / 1000);
    // `performance.now()` starts at 0 with the process.
    if (seconds.length > WARM_UP && 2 * ended - started > limit) break;
  }
  return seconds;
}
