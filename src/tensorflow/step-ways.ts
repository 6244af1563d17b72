/**
 * @module The ways to compute a training step in this process, and their times. Which one is fastest depends on the processor,
 * so it is measured on small cases (see step-cases.ts).
 */
import { runtime } from "./load";
import { setUpdateWay, type UpdateWay, updateWay } from "./optimizers/fused";
import { type Precision, precision, setPrecision, tensorFlowHasBf16 } from "./precision";

/** What takes most of the time: wide dense layers and their update, convolutions, or a transformer's products. */
export type Workload = "dense" | "convolution" | "tokens";

export const workloads: readonly Workload[] = ["dense", "convolution", "tokens"];

/** A way to compute training steps. */
export interface StepWay {
  readonly precision: Precision;
  readonly updates: UpdateWay;
}

/** A way and its seconds for a step of the small case. */
export interface TimedWay extends StepWay {
  readonly seconds: number;
}

/** A way to be timed. */
export interface Candidate extends StepWay {
  /** One step of the small case, with the current settings of precision and updates. */
  step(): void;
}

/** For small trainings, and if there is only one way. */
export const plainWay: StepWay = { precision: "fp32", updates: "product" };

/** Makes this process compute all further steps in the given way. */
export function useStepWay(way: StepWay): void {
  setPrecision(way.precision);
  setUpdateWay(way.updates);
}

/** The ways of this process for a workload. Only wide weights have gradients in factors and the project's own products. */
export function stepWays(workload: Workload): StepWay[] {
  const updates: readonly UpdateWay[] = !runtime.fusedUpdates
    ? ["tensorflow"]
    : workload === "dense"
      ? ["product", "rule", "tensorflow"]
      : ["product", "tensorflow"];
  const rounds = (way: UpdateWay) =>
    workload === "dense" && way === "product" ? runtime.fusedBf16 : tensorFlowHasBf16();
  const ways = (precision: Precision, some: readonly UpdateWay[]) => some.map((way) => ({ precision, updates: way }));
  return [...ways("fp32", updates), ...ways("bf16", updates.filter(rounds))];
}

/** A ratio of times above this is noise. */
const MEASURABLE = 0.95;
/** Many short rounds, so that other load on the machine does not disturb all of them. */
const [LEAST_ROUNDS, MOST_ROUNDS] = [3, 12];
/** No further round starts after this many milliseconds. */
const ENOUGH = 400;

/** A way with the seconds of its fastest step, and the fewest processor seconds that all threads of the process took for one. */
export interface MeasuredWay extends TimedWay {
  readonly processorSeconds: number;
}

/** Times the candidates in turns, after a warm-up step of each; the best time counts. @returns times in the order of the candidates */
export function timeWays(candidates: readonly Candidate[]): MeasuredWay[] {
  const before: StepWay = { precision: precision(), updates: updateWay() };
  const none = Number.POSITIVE_INFINITY;
  const best = candidates.map(({ precision, updates }) => ({
    precision,
    updates,
    seconds: none,
    processorSeconds: none,
  }));
  const started = performance.now();
  try {
    for (let round = 0; round <= MOST_ROUNDS; round++) {
      if (round > LEAST_ROUNDS && performance.now() - started > ENOUGH) break;
      candidates.forEach((candidate, i) => {
        useStepWay(candidate);
        const [from, used] = [performance.now(), process.cpuUsage()];
        candidate.step();
        const seconds = (performance.now() - from) / 1000;
        const { user, system } = process.cpuUsage(used);
        const way = best[i];
        if (round === 0 || !way) return;
        way.seconds = Math.min(way.seconds, seconds);
        way.processorSeconds = Math.min(way.processorSeconds, (user + system) / 1e6);
      });
    }
  } finally {
    useStepWay(before);
  }
  return best;
}

/**
 * The fastest way. The first of a precision, whose updates take the least memory, unless another is measurably faster; and
 * rounded products only if they are measurably faster than exact ones.
 * @param wanted only ways of this precision
 */
export function fastestWay(times: readonly TimedWay[], wanted: Precision | "auto" = "auto"): StepWay {
  const of = (precision: Precision) =>
    times.filter((way) => way.precision === precision).reduce<TimedWay | undefined>(faster, undefined);
  const [exact, rounded] = [of("fp32"), of("bf16")];
  // Where nothing rounds, bf16 computes what fp32 does, and the same updates are the fastest.
  const way = wanted === "auto" ? faster(exact, rounded) : (of(wanted) ?? faster(exact, rounded));
  const { precision, updates } = way ?? plainWay;
  return { precision: wanted === "auto" ? precision : wanted, updates };
}

/** The first of two ways unless the second is measurably faster. */
function faster(first: TimedWay | undefined, second: TimedWay | undefined): TimedWay | undefined {
  if (!first || !second) return first ?? second;
  return second.seconds > MEASURABLE * first.seconds ? first : second;
}
