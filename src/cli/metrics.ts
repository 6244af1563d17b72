/** @module `histo metrics`: computes the metrics of any CSV of labels and scores. */
import * as z from "zod";
import type { BinaryMetrics, ScoredTable } from "../evaluation/index";
import { interval95, plainDecimal } from "../format/index";
import { between, option } from "../options/index";
import { defineCommand } from "./command";

const metricsSchema = z.strictObject({
  predictions: option(z.string(), "CSV with a header, a column of true labels and one of scores", { value: "file" }),
  label: option(z.string().optional(), "column of true labels", { value: "column", usual: "found by its usual names" }),
  score: option(z.string().optional(), "column of scores of the positive class", {
    value: "column",
    usual: "found by its usual names",
  }),
  threshold: option(between(0, 1).default(0.5), "lowest probability of a positive prediction", { value: "t" }),
  positive: option(z.string().optional(), "positive class, if labels are names", {
    value: "name",
    usual: "the alphabetically later",
  }),
  group: option(
    z.string().optional(),
    "column of patients or slides, whose rows depend on each other; none: no such column",
    {
      value: "column",
      usual: "found by its usual names",
    },
  ),
  logits: option(z.boolean().optional(), "scores are logits: any number; the threshold applies to their sigmoid"),
  percent: option(z.boolean().optional(), "scores are percentages, 0 to 100 (assumed if the column's name says so)"),
});

/** The metrics, and how the file was interpreted. */
interface Result extends BinaryMetrics {
  readonly columns: ScoredTable["columns"];
  /** Number of groups of dependent rows, if there is a column of them. */
  readonly groups?: number;
  readonly positive: string;
  readonly logits: boolean;
  /** How the file was read, where that may surprise. */
  readonly notes?: readonly string[];
}

export const command = defineCommand({
  schema: metricsSchema,
  async run({ predictions, threshold, ...options }) {
    const { binaryMetrics, readScoredTable } = await import("../evaluation/index.js");
    const { labels, scores, logits, columns, groups, positive, notes } = await readScoredTable(predictions, options);
    const metrics = binaryMetrics(labels, scores, { threshold, logits, interval: { groups } });
    const read = { columns, ...(groups && { groups: new Set(groups).size }), positive, logits };
    return { ...metrics, ...read, ...(notes.length > 0 && { notes }) };
  },
  render: async (result) =>
    [await metricsText(["", result]), ...missingClass(result), origin(result), ...(result.notes ?? [])].join("\n"),
});

/** Explains why areas are undefined, if they are. */
function missingClass({ confusion: { tp, fn, fp, tn }, positive }: Result): string[] {
  if (tp + fn > 0 && fp + tn > 0) return [];
  const only = tp + fn > 0 ? `is of the class ${positive}` : `is of another class than ${positive}`;
  return [`Every row ${only}: the ROC AUC needs both classes.`];
}

function origin({ columns, groups, positive, logits, rocAuc }: Result): string {
  const kind = logits ? "logits" : "probabilities";
  const read = `Labels from "${columns.label}" (positive: ${positive}), ${kind} from "${columns.score}".`;
  // Rows of one class have no interval.
  if (groups === undefined || Number.isNaN(rocAuc)) return read;
  return `${read}\nThe interval takes rows of the same "${columns.group}" (${groups} in all) as dependent (--group none turns this off).`;
}

/** Metrics as a text table, one column for each set of images. */
export async function metricsText(
  ...columns: readonly (readonly [name: string, metrics: BinaryMetrics])[]
): Promise<string> {
  const { definedMeasure } = await import("../evaluation/index.js");
  const show = (value: number) => plainDecimal(value);
  const defined = (name: string) => (metrics: BinaryMetrics) => show(definedMeasure(name, { ...metrics }));
  const rows: [string, (metrics: BinaryMetrics) => string][] = [
    ["images", ({ n }) => String(n)],
    ["ROC AUC", ({ rocAuc, rocAucCi95 }) => show(rocAuc) + interval95(rocAucCi95)],
    ["PR AUC", ({ prAuc }) => show(prAuc)],
    ["Brier score", ({ brier }) => show(brier)],
    ["calibration error", (metrics) => show(metrics.expectedCalibrationError)],
    ["threshold", ({ threshold }) => show(threshold)],
    ["accuracy", ({ accuracy }) => show(accuracy)],
    ["balanced accuracy", ({ balancedAccuracy }) => show(balancedAccuracy)],
    ["precision", defined("precision")],
    ["recall", defined("recall")],
    ["specificity", defined("specificity")],
    ["F1", defined("f1")],
    ["weighted F1", ({ weightedF1 }) => show(weightedF1)],
    ["true positives", ({ confusion }) => String(confusion.tp)],
    ["false positives", ({ confusion }) => String(confusion.fp)],
    ["true negatives", ({ confusion }) => String(confusion.tn)],
    ["false negatives", ({ confusion }) => String(confusion.fn)],
  ];
  const head = columns.length > 1 ? [["", ...columns.map(([name]) => name)]] : [];
  const cells = [...head, ...rows.map(([name, value]) => [name, ...columns.map(([, metrics]) => value(metrics))])];
  return cells
    .map(([name = "", ...values]) => `${name.padEnd(18)}${values.map((text) => text.padEnd(30)).join("")}`.trimEnd())
    .join("\n");
}
