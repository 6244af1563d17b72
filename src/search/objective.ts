/** @module The objective of a search: a measure on the validation set, with its bootstrap interval. */
import { InputError } from "../errors/index";
import {
  type BinaryMetrics,
  binaryMetrics,
  type Interval,
  logLoss,
  type Monitor,
  metricIntervals,
  monitorOf,
  quantile,
  sigmoid,
} from "../evaluation/index";
import { Random } from "../random/index";

/** Resamples for measures without a faster method. */
const RESAMPLES = 500;

/** The objective with a name: `loss` or a measure of `histo metrics`. @throws {InputError} `OBJECTIVE_UNKNOWN` */
export function objectiveNamed(metric: string): Monitor {
  const measures = { loss: 0, ...binaryMetrics([0, 1], [0.2, 0.8], { interval: false }) };
  const known = Object.entries(measures).filter(
    ([name, value]) => typeof value === "number" && !/^(n|threshold)$/.test(name),
  );
  if (!known.some(([name]) => name === metric)) {
    const names = known.map(([name]) => name).join(", ");
    throw new InputError("OBJECTIVE_UNKNOWN", `--objective ${metric} is not one of ${names}.`);
  }
  return monitorOf(metric);
}

/** A value as merit: higher is better. */
export function meritOf(value: number, { mode }: Monitor): number {
  return mode === "max" ? value : -value;
}

/** The objective of predictions, with its 95 % bootstrap interval. Objectives with a threshold use probability 0.5. */
export function measureObjective(
  metric: string,
  labels: ArrayLike<number>,
  logits: ArrayLike<number>,
): { value: number; interval: Interval } {
  const measure = (own: ArrayLike<number>, scores: ArrayLike<number>) =>
    metric === "loss"
      ? logLoss(own, scores)
      : (binaryMetrics(own, scores, { interval: false, logits: true })[metric as keyof BinaryMetrics] as number);
  const ranked: Partial<Record<string, Interval>> = metricIntervals(labels, Float64Array.from(logits, sigmoid));
  return { value: measure(labels, logits), interval: ranked[metric] ?? intervalOf(measure, labels, logits) };
}

function intervalOf(
  measure: (labels: ArrayLike<number>, logits: ArrayLike<number>) => number,
  labels: ArrayLike<number>,
  logits: ArrayLike<number>,
): Interval {
  const random = new Random(0, "bootstrap");
  const values = Float64Array.from({ length: RESAMPLES }, () => {
    const rows = Uint32Array.from(labels, () => random.integer(labels.length));
    return measure(
      Float64Array.from(rows, (row) => labels[row] as number),
      Float64Array.from(rows, (row) => logits[row] as number),
    );
  }).filter(Number.isFinite);
  const sorted = values.sort();
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}
