/** @module What the sections of a report share: computed once. */
import {
  type BinaryMetrics,
  finiteLogits,
  fitTemperature,
  type Interval,
  type IntervalName,
  labelsAndScores,
  measureRun,
  metricIntervals,
  type Prediction,
  type RunResults,
  type Temperature,
} from "../evaluation/index";

/** One partition's predictions and measures. */
export interface PartitionFacts {
  readonly name: "test" | "validation";
  readonly rows: readonly Prediction[];
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly metrics: BinaryMetrics;
  readonly intervals: Readonly<Record<IntervalName, Interval>>;
}

/** A run and what follows from it. */
export interface ReportFacts {
  readonly results: RunResults;
  /** What the report is about: the test partition, or validation where there is no test. */
  readonly main: PartitionFacts;
  readonly validation?: PartitionFacts;
  /** Fitted on validation. */
  readonly temperature?: Temperature;
}

export function reportFacts(results: RunResults): ReportFacts {
  const metrics = measureRun(results);
  const facts = (name: "test" | "validation"): PartitionFacts | undefined => {
    const measured = metrics[name];
    if (!measured) return undefined;
    const rows = results[name];
    const { labels, scores, groups } = labelsAndScores(rows);
    const intervals = metricIntervals(labels, scores, { threshold: measured.threshold, groups });
    return { name, rows, labels, scores, metrics: measured, intervals };
  };
  const validation = facts("validation");
  const main = facts("test") ?? (validation as PartitionFacts);
  const bothClasses = validation && new Set(validation.labels).size === 2;
  return {
    results,
    main,
    ...(validation && { validation }),
    ...(bothClasses && { temperature: fitTemperature(validation.labels, finiteLogits(validation.scores)) }),
  };
}
