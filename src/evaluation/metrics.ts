/** @module The measures of a binary classifier, equal to scikit-learn's. */
import { sigmoid } from "../logits/index";
import { expectedCalibrationError } from "./calibration";
import { type Confusion, confusionAt, type DecisionMetrics, decisionMetrics } from "./confusion";
import { areaOf } from "./delong";
import type { IntervalOptions } from "./intervals";
import { averagePrecisionOf, checkScores, rank, rocAucOf } from "./ranking";
import type { Interval } from "./statistics";

/** The contents of `metrics.json` and of `histo metrics --json`. Undefined values are NaN, in JSON `null`. */
export interface BinaryMetrics extends DecisionMetrics {
  /** Number of rows. */
  readonly n: number;
  /** Lowest probability of a positive prediction. */
  readonly threshold: number;
  /** Area under the ROC curve; NaN if a class is missing. */
  readonly rocAuc: number;
  /** 95 % score interval of `rocAuc` (see `areaOf`), if requested; `[NaN, NaN]` if a class is missing. */
  readonly rocAucCi95?: Interval;
  /** Average precision. */
  readonly prAuc: number;
  /** Mean squared difference of probability and label. */
  readonly brier: number;
  /** Expected calibration error in 15 equal bins (Guo et al. 2017), of the positive class's probability. */
  readonly expectedCalibrationError: number;
  readonly confusion: Confusion;
}

interface MetricsOptions extends Omit<IntervalOptions, "groups"> {
  /** Whether to compute `rocAucCi95`, and the groups of dependent rows for it. Default: true. */
  readonly interval?: boolean | Pick<IntervalOptions, "groups">;
  /** The scores are logits: areas are computed from the logits, everything else from their sigmoid. */
  readonly logits?: boolean;
}

/**
 * Evaluates scores against labels.
 * @param labels 0 or 1 each
 * @param scores probabilities of the positive class, 0 to 1 (or logits, see {@link MetricsOptions.logits})
 * @throws {InputError} `METRICS_EMPTY`, `METRICS_LENGTHS`, `METRICS_LABEL` or `METRICS_SCORE`
 * @example binaryMetrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).rocAuc // 0.75
 */
export function binaryMetrics(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  { threshold = 0.5, interval = true, logits = false, rankBy = scores }: MetricsOptions = {},
): BinaryMetrics {
  checkScores(labels, scores, { logits });
  const ranking = rank(labels, rankBy);
  const probabilities = logits ? Float64Array.from(scores, sigmoid) : scores;
  const confusion = confusionAt(labels, probabilities, threshold);
  const groups = typeof interval === "object" ? interval.groups : undefined;
  return {
    n: labels.length,
    threshold,
    rocAuc: rocAucOf(ranking),
    ...(interval && { rocAucCi95: areaOf({ labels, groups }, rankBy).interval }),
    prAuc: averagePrecisionOf(ranking),
    ...decisionMetrics(confusion),
    brier: brierScore(labels, probabilities),
    expectedCalibrationError: expectedCalibrationError(labels, probabilities),
    confusion,
  };
}

/** Mean squared difference of probability and label (Brier 1950). */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += ((probabilities[i] as number) - (labels[i] as number)) ** 2;
  return sum / labels.length;
}
