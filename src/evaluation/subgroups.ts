/** @module Measures within groups of images (scanner, site, slide, class of tissue). */
import { groupBy } from "../collections/index";
import type { Interval } from "./bootstrap";
import { type Confusion, confusionAt, type DecisionMetrics, decisionMetrics } from "./confusion";
import { metricIntervals } from "./intervals";
import { labelsAndScores, type Prediction } from "./predictions";
import { rank, rocAucOf } from "./ranking";

/** One group's results. */
export interface Subgroup extends DecisionMetrics {
  readonly group: string;
  readonly n: number;
  readonly positives: number;
  /** NaN if a class is missing in the group. */
  readonly rocAuc: number;
  /** 95 %; NaN if a class is missing in the group. */
  readonly rocAucCi95: Interval;
  /** 95 %. */
  readonly accuracyCi95: Interval;
  readonly confusion: Confusion;
}

/**
 * Measures by group, sorted by name. Images without a group are in the group `(none)`.
 * @param groupOf the group of an image
 */
export function subgroupTable(
  predictions: readonly Prediction[],
  groupOf: (prediction: Prediction) => string | undefined,
  threshold: number,
): Subgroup[] {
  return [...groupBy(predictions, (row) => groupOf(row)?.trim() || "(none)")]
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([group, rows]) => measure(group, rows, threshold));
}

function measure(group: string, rows: readonly Prediction[], threshold: number): Subgroup {
  const { labels, scores, groups } = labelsAndScores(rows);
  const confusion = confusionAt(labels, scores, threshold);
  const { rocAuc, accuracy } = metricIntervals(labels, scores, { threshold, groups });
  return {
    group,
    n: rows.length,
    positives: confusion.tp + confusion.fn,
    rocAuc: rocAucOf(rank(labels, scores)),
    rocAucCi95: rocAuc,
    accuracyCi95: accuracy,
    ...decisionMetrics(confusion),
    confusion,
  };
}
