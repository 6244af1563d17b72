/** @module Sensitivity and specificity by threshold, short enough for a model card. */
import { rocCurve } from "./curves";

/** From the highest threshold to the lowest. */
export interface ThresholdCurve {
  readonly thresholds: readonly number[];
  /** Share of the positives at or above each threshold. */
  readonly sensitivity: readonly number[];
  /** Share of the negatives below each threshold. */
  readonly specificity: readonly number[];
}

const MOST_POINTS = 200;

/**
 * At most `points` points, evenly spread over the occurring probabilities, including the highest and the lowest.
 * @returns undefined if a class is missing
 */
export function thresholdCurve(
  labels: readonly number[],
  probabilities: readonly number[],
  points = MOST_POINTS,
): ThresholdCurve | undefined {
  if (!labels.includes(0) || !labels.includes(1)) return undefined;
  const { thresholds, truePositiveRate, falsePositiveRate } = rocCurve(labels, probabilities);
  // The first point of the curve has an infinite threshold.
  const last = thresholds.length - 1;
  const count = Math.min(last, points);
  const places = Array.from({ length: count }, (_, i) =>
    count === 1 ? last : 1 + Math.round((i * (last - 1)) / (count - 1)),
  );
  const rate = (value: number) => Number(value.toFixed(5));
  return {
    thresholds: places.map((place) => thresholds[place] as number),
    sensitivity: places.map((place) => rate(truePositiveRate[place] as number)),
    specificity: places.map((place) => rate(1 - (falsePositiveRate[place] as number))),
  };
}
