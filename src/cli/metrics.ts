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
}

/** The metrics, and how the file was read. */
interface Result extends BinaryMetrics {
  readonly columns: { readonly label: string; readonly score: string };
  readonly positive: string;
  readonly logits: boolean;
}

export const metricsCommand: CommandDefinition<Options, Result> = {
  name: "metrics",
  summary: "measure any CSV of true labels and scores",
  configure: (command) =>
    command
      .requiredOption("--predictions <file>", "CSV with a header, a column of true labels and one of scores")
      .option("--label <column>", "column of true labels (default: found by its usual names)")
      .option("--score <column>", "column of scores of the positive class (default: found by its usual names)")
      .option("--threshold <t>", "probability from which on the positive class is predicted", number(0, 1), 0.5)
      .option("--positive <name>", "positive class, where labels are names (default: the alphabetically later)")
      .option("--logits", "scores are logits: any number, taken through the sigmoid for the threshold"),
  async run({ predictions, threshold, args: _, ...options }) {
    const { binaryMetrics, readScoredTable } = await import("../evaluation/index.js");
    const { labels, scores, logits, columns, positive } = await readScoredTable(predictions, options);
    return { ...binaryMetrics(labels, scores, { threshold, logits }), columns, positive, logits };
  },
  render: (result) => `${metricsText(result)}\n${origin(result)}`,
};

function origin({ columns, positive, logits }: Result): string {
  const kind = logits ? "logits" : "probabilities";
  return `Labels from "${columns.label}" (positive: ${positive}), ${kind} from "${columns.score}".`;
}

/** Metrics as lines for people. */
export function metricsText(metrics: BinaryMetrics): string {
  const { n, threshold, rocAucCi95, confusion } = metrics;
  const show = (value: number) => (Number.isFinite(value) ? value.toFixed(4) : "undefined (one class only)");
  const interval = rocAucCi95?.every(Number.isFinite) ? `  (95 % ${rocAucCi95.map(show).join(" to ")})` : "";
  const lines: [string, string][] = [
    ["images", String(n)],
    ["ROC AUC", `${show(metrics.rocAuc)}${interval}`],
    ["PR AUC", show(metrics.prAuc)],
    ["Brier score", show(metrics.brier)],
    ["calibration error", show(metrics.expectedCalibrationError)],
    ["threshold", String(threshold)],
    ["accuracy", show(metrics.accuracy)],
    ["balanced accuracy", show(metrics.balancedAccuracy)],
    ["precision", show(metrics.precision)],
    ["recall", show(metrics.recall)],
    ["specificity", show(metrics.specificity)],
    ["F1", show(metrics.f1)],
    ["weighted F1", show(metrics.weightedF1)],
    ["confusion", `tp ${confusion.tp}, fp ${confusion.fp}, tn ${confusion.tn}, fn ${confusion.fn}`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(18)} ${value}`).join("\n");
}
