/** @module Simulates a search with several workers, to find out how many are worthwhile before paying for them. */
import { Random } from "../src/random/index";

interface SimulatedSearch {
  /** Duration of each trial on one worker, in order of execution. */
  readonly trialSeconds: readonly number[];
  readonly workers: number;
  /** Duration of a worker's preparation before its first trial: starting, packing the tiles. */
  readonly prepareSeconds?: number;
  /** Mean time between interruptions of a worker (spot machines). Default: never. */
  readonly interruptedEvery?: number;
  /** Time from an interruption until another machine is available. */
  readonly replacedAfter?: number;
  /** Work lost in an interruption: that since the last checkpoint. Almost none after SIGTERM. */
  readonly repeatSeconds?: number;
}

interface SimulationResult {
  /** From the start of the workers to the end of the last trial. */
  readonly seconds: number;
  /** Total time of all workers until then, which must be paid. */
  readonly workerSeconds: number;
  /** Time of one worker without interruptions, divided by this time. */
  readonly speedUp: number;
  readonly interruptions: number;
}

/** Workers take the next trial as soon as they are free. The rest of an interrupted trial is taken next. */
export function simulateWorkers({
  trialSeconds,
  workers,
  prepareSeconds = 0,
  interruptedEvery = Number.POSITIVE_INFINITY,
  replacedAfter = 0,
  repeatSeconds = 0,
}: SimulatedSearch): SimulationResult {
  const random = new Random(0, "workers");
  const lifetime = () =>
    Number.isFinite(interruptedEvery) ? -Math.log(1 - random.next()) * interruptedEvery : Infinity;
  const fleet = Array.from({ length: workers }, () => ({ free: prepareSeconds, ends: lifetime() }));
  const waiting: { readonly seconds: number; readonly from: number }[] = trialSeconds.map((seconds) => ({
    seconds,
    from: 0,
  }));
  let [seconds, interruptions, absent] = [0, 0, 0];
  for (let piece = waiting.shift(); piece; piece = waiting.shift()) {
    const worker = fleet.reduce((first, other) => (other.free < first.free ? other : first));
    const begins = Math.max(worker.free, piece.from);
    if (begins + piece.seconds <= worker.ends) {
      worker.free = begins + piece.seconds;
      seconds = Math.max(seconds, worker.free);
      continue;
    }
    const [stops, done] = [worker.ends, Math.max(0, worker.ends - begins - repeatSeconds)];
    waiting.unshift({ seconds: piece.seconds - done, from: Math.max(piece.from, stops) });
    interruptions++;
    absent += replacedAfter;
    worker.free = stops + replacedAfter + prepareSeconds;
    worker.ends = stops + replacedAfter + lifetime();
  }
  const alone = prepareSeconds + trialSeconds.reduce((sum, one) => sum + one, 0);
  return { seconds, workerSeconds: workers * seconds - absent, speedUp: alone / seconds, interruptions };
}
