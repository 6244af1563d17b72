/** @module `histo metrics`: the measures of any CSV of labels and scores. */
import type { BinaryMetrics } from "../evaluation/index";
import { type CommandDefinition, number } from "./command";

interface Options {
  readonly predictions: string;
  readonly label?: string;
  readonly score?: string;
  readonly threshold: number;
  readonly positive?: string;
  readonly logits?: boolean;
  readonly percent?: boolean;
}

/** The metrics, and how the file was read. */
interface Result extends BinaryMetrics {
  readonly columns: { readonly label: string; readonly score: string };
  readonly positive: string;
  readonly logits: boolean;
}

export const metricsCommand: CommandDefinition<Options, Result> = {
  configure: (command) =>
    command
      .requiredOption("--predictions <file>", "CSV with a header, a column of true labels and one of scores")
      .option("--label <column>", "column of true labels (default: found by its usual names)")
      .option("--score <column>", "column of scores of the positive class (default: found by its usual names)")
      .option("--threshold <t>", "probability from which on the positive class is predicted", number(0, 1), 0.5)
      .option("--positive <name>", "positive class, where labels are names (default: the alphabetically later)")
      .option("--logits", "scores are logits: any number, taken through the sigmoid for the threshold")
      .option("--percent", "scores are percent, 0 to 100 (assumed where the column's name says so)"),
  async run({ predictions, threshold, args: _, ...options }) {
    const { binaryMetrics, readScoredTable } = await import("../evaluation/index.js");
    const { labels, scores, logits, columns, positive } = await readScoredTable(predictions, options);
    return { ...binaryMetrics(labels, scores, { threshold, logits }), columns, positive, logits };
  },
  render: (result) => [metricsText(["", result]), ...missingClass(result), origin(result)].join("\n"),
};

/** Why areas are undefined, where they are. */
function missingClass({ confusion: { tp, fn, fp, tn }, positive }: Result): string[] {
  if (tp + fn > 0 && fp + tn > 0) return [];
  const only = tp + fn > 0 ? `is of the class ${positive}` : `is of another class than ${positive}`;
  return [`Every row ${only}: the ROC AUC needs both classes.`];
}

function origin({ columns, positive, logits }: Result): string {
  const kind = logits ? "logits" : "probabilities";
  return `Labels from "${columns.label}" (positive: ${positive}), ${kind} from "${columns.score}".`;
}

/** Metrics as a table for people, one column for each set of images. */
export function metricsText(...columns: readonly (readonly [name: string, metrics: BinaryMetrics])[]): string {
  const show = (value: number) => (Number.isFinite(value) ? value.toFixed(4) : "undefined");
  const interval = (ends: readonly number[] = []) =>
    ends.length > 0 && ends.every(Number.isFinite) ? ` (95 % ${ends.map(show).join("-")})` : "";
  const rows: [string, (metrics: BinaryMetrics) => string][] = [
    ["images", ({ n }) => String(n)],
    ["ROC AUC", ({ rocAuc, rocAucCi95 }) => show(rocAuc) + interval(rocAucCi95)],
    ["PR AUC", ({ prAuc }) => show(prAuc)],
    ["Brier score", ({ brier }) => show(brier)],
    ["calibration error", (metrics) => show(metrics.expectedCalibrationError)],
    ["threshold", ({ threshold }) => show(threshold)],
    ["accuracy", ({ accuracy }) => show(accuracy)],
    ["balanced accuracy", ({ balancedAccuracy }) => show(balancedAccuracy)],
    ["precision", ({ precision }) => show(precision)],
    ["recall", ({ recall }) => show(recall)],
    ["specificity", ({ specificity }) => show(specificity)],
    ["F1", ({ f1 }) => show(f1)],
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
