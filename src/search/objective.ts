/** @module The objective of a search: a measure on the validation set, with its 95 % interval. */
import { InputError } from "../errors/index";
import {
  type BinaryMetrics,
  binaryMetrics,
  expectedCalibrationError,
  type Interval,
  type IntervalName,
  logLoss,
  type Monitor,
  meanInterval,
  measureNames,
  metricIntervals,
  monitorOf,
  quantile,
  rowLogLoss,
  sigmoid,
} from "../evaluation/index";
import { Random } from "../random/index";

/** For the interval of the calibration error. */
const RESAMPLES = 500;

/** The objective with a name: `loss` or a measure of `histo metrics`. @throws {InputError} `OBJECTIVE_UNKNOWN` */
export function objectiveNamed(metric: string): Monitor {
  const known = measureNames();
  if (!known.includes(metric)) {
    throw new InputError("OBJECTIVE_UNKNOWN", `--objective ${metric} is not one of ${known.join(", ")}.`);
  }
  return monitorOf(metric);
}

/** A value as merit: higher is better. Without a value (NaN, which JSON makes null) it is NaN. */
export function meritOf(value: number | null, { mode }: Monitor): number {
  if (value === null) return Number.NaN;
  return mode === "max" ? value : -value;
}

/** A merit to compare: NaN, or null after JSON, is below all others. */
export function comparable(merit: number | null): number {
  return merit === null || Number.isNaN(merit) ? Number.NEGATIVE_INFINITY : merit;
}

/** The objective of predictions, with its 95 % interval. Objectives with a threshold use probability 0.5. */
export function measureObjective(
  metric: string,
  labels: ArrayLike<number>,
  logits: ArrayLike<number>,
): { value: number; interval: Interval } {
  const scores = Float64Array.from(logits, sigmoid);
  if (metric === "loss") {
    const rows = Float64Array.from(labels, (label, row) => rowLogLoss(label, logits[row] as number));
    return { value: logLoss(labels, logits), interval: meanInterval(rows) };
  }
  const value = binaryMetrics(labels, logits, { interval: false, logits: true })[
    metric as keyof BinaryMetrics
  ] as number;
  if (metric === "brier") {
    const rows = scores.map((score, row) => (score - (labels[row] as number)) ** 2);
    return { value, interval: meanInterval(rows) };
  }
  if (metric === "expectedCalibrationError") return { value, interval: calibrationInterval(labels, scores, value) };
  return { value, interval: metricIntervals(labels, scores, { rankBy: logits })[metric as IntervalName] };
}

/** The basic bootstrap interval (Davison and Hinkley 1997): resampling raises a calibration error, so percentiles lie too high. */
function calibrationInterval(labels: ArrayLike<number>, scores: Float64Array, value: number): Interval {
  const random = new Random(0, "bootstrap");
  const values = Float64Array.from({ length: RESAMPLES }, () => {
    const rows = Uint32Array.from(labels, () => random.integer(labels.length));
    const drawn = Float64Array.from(rows, (row) => labels[row] as number);
    return expectedCalibrationError(
      drawn,
      Float64Array.from(rows, (row) => scores[row] as number),
    );
  }).sort();
  return [Math.max(0, 2 * value - quantile(values, 0.975)), Math.max(0, 2 * value - quantile(values, 0.025))];
}
