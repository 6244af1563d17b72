/** @module The objective of a search: a measure on the validation set, with its 95 % interval. */
import { groupBy, quantile } from "../collections/index";
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
  type RowGroups,
  rowLogLoss,
  type ScoredRows,
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

/** The objective of predictions, at probability 0.5, with its 95 % interval; the images of a group count as dependent. */
export function measureObjective(
  metric: string,
  { labels, logits, groups }: Pick<ScoredRows, "labels" | "logits" | "groups">,
): { value: number; interval: Interval } {
  const scores = logits.map(sigmoid);
  if (metric === "loss") {
    const rows = logits.map((logit, row) => rowLogLoss(labels[row] as number, logit));
    return { value: logLoss(labels, logits), interval: meanInterval(rows, groups) };
  }
  const value = binaryMetrics(labels, logits, { interval: false, logits: true })[
    metric as keyof BinaryMetrics
  ] as number;
  if (metric === "brier") {
    const rows = scores.map((score, row) => (score - (labels[row] as number)) ** 2);
    return { value, interval: meanInterval(rows, groups) };
  }
  if (metric === "expectedCalibrationError")
    return { value, interval: calibrationInterval({ labels, scores, groups }, value) };
  return { value, interval: metricIntervals(labels, scores, { rankBy: logits, groups })[metric as IntervalName] };
}

/** The basic bootstrap interval (Davison and Hinkley 1997) of whole groups: percentiles of a calibration error lie too high. */
function calibrationInterval(
  { labels, scores, groups }: Pick<ScoredRows, "labels" | "scores"> & { readonly groups: RowGroups | undefined },
  value: number,
): Interval {
  const random = new Random(0, "bootstrap");
  const units = [...groupBy([...labels.keys()], (row) => groups?.[row] ?? row).values()];
  const values = Float64Array.from({ length: RESAMPLES }, () => {
    const rows = units.flatMap(() => units[random.integer(units.length)] as number[]);
    const drawn = Float64Array.from(rows, (row) => labels[row] as number);
    return expectedCalibrationError(
      drawn,
      Float64Array.from(rows, (row) => scores[row] as number),
    );
  }).sort();
  return [Math.max(0, 2 * value - quantile(values, 0.975)), Math.max(0, 2 * value - quantile(values, 0.025))];
}
