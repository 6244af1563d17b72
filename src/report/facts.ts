/** @module What the sections of a report share: their form, and the results of the run. */
import {
  type BinaryMetrics,
  cautions,
  fitTemperature,
  type Interval,
  type IntervalName,
  labelsAndScores,
  measureRun,
  metricIntervals,
  type Prediction,
  type RunResults,
  type ScoredRows,
  sigmoid,
  type Temperature,
} from "../evaluation/index";
import type { Figure } from "../plots/index";

/** Predictions and measures of one partition. */
export interface PartitionFacts extends ScoredRows {
  readonly name: "test" | "validation";
  readonly rows: readonly Prediction[];
  readonly metrics: BinaryMetrics;
  readonly intervals: Readonly<Record<IntervalName, Interval>>;
}

/** One version of the probabilities. */
export interface Version {
  readonly name: string;
  readonly logits: Float64Array;
  readonly scores: Float64Array;
}

/** A run with its measures. */
export interface ReportFacts {
  readonly results: RunResults;
  /** Warnings about the results, as plain sentences. */
  readonly cautions: readonly string[];
  /** The test partition, or validation if there is no test. */
  readonly main: PartitionFacts;
  readonly validation: PartitionFacts | undefined;
  /** Fitted on validation, if that determines one. */
  readonly temperature: Temperature | undefined;
  /** The main probabilities as trained and, with a temperature, scaled by it. */
  readonly versions: readonly Version[];
}

export function reportFacts(results: RunResults): ReportFacts {
  const metrics = measureRun(results);
  const facts = (name: "test" | "validation"): PartitionFacts | undefined => {
    const measured = metrics[name];
    if (!measured) return undefined;
    const rows = results[name];
    const scored = labelsAndScores(rows);
    const { labels, scores, logits: rankBy, groups } = scored;
    const intervals = metricIntervals(labels, scores, { threshold: measured.threshold, groups, rankBy });
    return { name, rows, ...scored, metrics: measured, intervals };
  };
  const validation = facts("validation");
  const main = facts("test") ?? (validation as PartitionFacts);
  const { logits, scores } = main;
  const versions: Version[] = [{ name: "as trained", logits, scores }];
  const temperature = validation && fitTemperature(validation.labels, validation.logits);
  if (temperature) {
    const scaled = logits.map((logit) => logit / temperature.temperature);
    versions.push({ name: "temperature scaled", logits: scaled, scores: scaled.map(sigmoid) });
  }
  return { results, cautions: cautions(results, metrics), main, validation, temperature, versions };
}

/** A part of the report. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** HTML, or a figure with a caption. */
export type Block = string | { readonly figure: Figure; readonly caption: string };
