/** @module Plays a search over workers through, to see how many are worth having before any is paid. */
import { Random } from "../random/index";

interface SimulatedSearch {
  /** How long each trial takes on one worker, in the order in which they are handed out. */
  readonly trialSeconds: readonly number[];
  readonly workers: number;
  /** What every new worker does before its first trial: starting, packing the tiles. */
  readonly prepareSeconds?: number;
  /** Mean time between interruptions of a worker (spot machines); never where it is not given. */
  readonly interruptedEvery?: number;
  /** How long after an interruption another machine is there. */
  readonly replacedAfter?: number;
  /** Work that an interruption costs: what was done since the checkpoint. About nothing after SIGTERM. */
  readonly repeatSeconds?: number;
  readonly seed?: number;
}

interface SimulationResult {
  /** From the start of the workers to the end of the last trial. */
  readonly seconds: number;
  /** Time of all workers together until then: what is paid for. */
  readonly workerSeconds: number;
  /** One worker that is never interrupted, over this. */
  readonly speedUp: number;
  readonly interruptions: number;
}

/** A trial, or the rest of one, that can be taken from some moment on. */
interface Piece {
  readonly seconds: number;
  readonly from: number;
}

/** Workers take the next trial as soon as they are free; interrupted ones give the rest of theirs back to be taken first. */
export function simulateWorkers({
  trialSeconds,
  workers,
  prepareSeconds = 0,
  interruptedEvery = Number.POSITIVE_INFINITY,
  replacedAfter = 0,
  repeatSeconds = 0,
  seed = 0,
}: SimulatedSearch): SimulationResult {
  const random = new Random(seed, "workers");
  const lifetime = () =>
    Number.isFinite(interruptedEvery) ? -Math.log(1 - random.next()) * interruptedEvery : Infinity;
  const fleet = Array.from({ length: workers }, () => ({ free: prepareSeconds, ends: lifetime() }));
  const waiting: Piece[] = trialSeconds.map((seconds) => ({ seconds, from: 0 }));
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
