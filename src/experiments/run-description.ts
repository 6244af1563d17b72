/** @module Describes a finished run in Markdown, for the top of its page in MLflow. */
import { type BinaryMetrics, bestEpoch, measureRun, type RunResults } from "../evaluation/index";
import { counted, decimal, markdownTable } from "../format/index";

/** MLflow sets no space between columns. */
const SPACE = " &emsp;";

const ROWS: readonly (readonly [name: string, measure: keyof BinaryMetrics])[] = [
  ["ROC AUC", "rocAuc"],
  ["PR AUC", "prAuc"],
  ["Balanced accuracy", "balancedAccuracy"],
  ["Sensitivity", "recall"],
  ["Specificity", "specificity"],
  ["Brier score", "brier"],
];

/**
 * The model and its data, the learning curves, and a table of measures.
 * @param picture address of the curves, as MLflow's page links to it; without it, the curves are left out
 */
export function runDescription(results: RunResults, picture?: string): string {
  const { config, classes, history, threshold } = results;
  const best = bestEpoch(results);
  const facts = [
    `${classes[1]} against ${classes[0]}`,
    config.architecture,
    config.parameters && counted(config.parameters, "weight"),
    config.data && `data \`${config.data.split("/").at(-1)}\``,
    best !== undefined && `best epoch ${best} of ${history.length}`,
    `threshold ${threshold.value.toFixed(3)}`,
  ];
  const measured = Object.entries(measureRun(results)).reverse();
  const cell = (metrics: BinaryMetrics, measure: keyof BinaryMetrics) => {
    const ends = measure === "rocAuc" ? metrics.rocAucCi95 : undefined;
    return `${decimal(metrics[measure])}${ends ? ` (${ends.map((end) => decimal(end)).join("–")})` : ""}`;
  };
  return [
    ...(config.drawn ? ["**Trained on drawn tiles: this model has never seen real tissue.**", ""] : []),
    facts.filter(Boolean).join(" · "),
    "",
    // Near the top, because MLflow hides long text until it is opened.
    ...(picture ? [`![Learning curves](${picture})`, ""] : []),
    markdownTable(
      ["", ...measured.map(([name, { n }]) => `${name} (${n})${SPACE}`)],
      ROWS.map(([name, measure]) => [
        `${name}${SPACE}`,
        ...measured.map(([, metrics]) => `${cell(metrics, measure)}${SPACE}`),
      ]),
    ),
  ].join("\n");
}
