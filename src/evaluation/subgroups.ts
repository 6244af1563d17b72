/** @module Measures within groups of images (scanner, site, slide, class of tissue). */
import { groupBy } from "../collections/index";
import type { Interval } from "./bootstrap";
import { type Confusion, confusionAt, type DecisionMetrics, decisionMetrics } from "./confusion";
import { delongInterval, logitInterval } from "./delong";
import { labelsAndScores, type Prediction } from "./predictions";
import { wilsonInterval } from "./statistics";

/** One group's results. */
export interface Subgroup extends DecisionMetrics {
  readonly group: string;
  readonly n: number;
  readonly positives: number;
  /** NaN if a class is missing in the group. */
  readonly rocAuc: number;
  /** 95 %, DeLong on the logit scale; NaN if a class has fewer than two images. */
  readonly rocAucCi95: Interval;
  /** 95 %, Wilson. */
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
  const area = delongInterval(labels, scores, groups);
  return {
    group,
    n: rows.length,
    positives: confusion.tp + confusion.fn,
    rocAuc: area.auc,
    rocAucCi95: logitInterval(labels, area, groups),
    accuracyCi95: wilsonInterval(confusion.tp + confusion.tn, rows.length),
    ...decisionMetrics(confusion),
    confusion,
  };
}
