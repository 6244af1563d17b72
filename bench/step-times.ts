/** @module Steps of a benchmark's process, as many as its share of the time allows. */

/** Steps that are not counted; at least one after them is made. */
const WARM_UP = 2;

/** Times a step up to `most` times. @returns seconds of each */
export function timeSteps(most: number, step: () => void): number[] {
  const limit = 1000 * Number(process.env.HISTO_BENCH_SECONDS ?? Number.POSITIVE_INFINITY);
  const seconds: number[] = [];
  while (seconds.length < most) {
    const started = performance.now();
    step();
    const ended = performance.now();
    seconds.push((ended - started) / 1000);
    // The clock begins with the process.
    if (seconds.length > WARM_UP && 2 * ended - started > limit) break;
  }
  return seconds;
}
