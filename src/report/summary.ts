/** @module The first page: results, images and uncertainty. */
import {
  type BinaryMetrics,
  definedMeasure,
  describeThresholdRule,
  type IntervalName,
  parseThresholdRule,
} from "../evaluation/index";
import {
  bracket,
  caution,
  columns,
  counted,
  decimal,
  escapeHtml,
  measured,
  paragraph,
  percent,
  table,
} from "../format/index";
import type { PartitionFacts, ReportFacts, Section } from "./facts";

export function summarySection({ results, cautions, main, validation }: ReportFacts): Section {
  const { metrics, intervals, name } = main;
  const positive = escapeHtml(results.classes[1]);
  const cards = [
    card("ROC AUC", decimal(metrics.rocAuc), bracket(intervals.rocAuc)),
    shareCard(main, "recall", `Sensitivity for ${positive}`),
    shareCard(main, "specificity", "Specificity"),
    shareCard(main, "balancedAccuracy", "Balanced accuracy"),
  ];
  return {
    id: "summary",
    title: "Summary",
    blocks: [
      `<div class="cards">${cards.join("")}</div>`,
      columns(
        [
          paragraph(`${sentence(results.classes, main)} Intervals are 95 % score intervals.`),
          paragraph(thresholdSentence(results.threshold, validation)),
          ...cautions.map(caution),
        ].join(""),
        metricTable(main, name === "test" ? validation : undefined),
      ),
    ],
  };
}

function card(name: string, value: string, interval: string): string {
  return `<div class="card"><div class="name">${name}</div><div class="value">${value}</div>${interval}</div>`;
}

function shareCard({ metrics, intervals }: PartitionFacts, measure: IntervalName, name: string): string {
  const share = definedMeasure(measure, { ...metrics });
  return card(name, percent(share), Number.isNaN(share) ? "" : percentInterval(intervals[measure]));
}

function percentInterval(interval: readonly [number, number]): string {
  const ends = interval.map((end) => 100 * end);
  return bracket(ends, 1, " %");
}

/** The result in words. */
function sentence(classes: readonly [string, string], { metrics, name }: PartitionFacts): string {
  const { tp, fn, fp, tn } = metrics.confusion;
  const [negative, positive] = classes.map(escapeHtml);
  return (
    `On ${counted(metrics.n, `${name} image`)} the model found <b>${tp} of ${tp + fn}</b> ${positive} and missed ${fn}; ` +
    `of ${tn + fp} ${negative} it called <b>${fp}</b> ${positive} by mistake.`
  );
}

function thresholdSentence({ value, rule }: ReportFacts["results"]["threshold"], validation?: PartitionFacts): string {
  const at = `An image is classified as positive if its probability is at least <b>${decimal(value)}</b>.`;
  if (!rule) return `${at} This threshold was not chosen on data.`;
  const on = validation ? ` on ${counted(validation.metrics.n, "validation image")}` : " on validation images";
  return `${at} The threshold was chosen${on} by the rule <b>${escapeHtml(describeThresholdRule(parseThresholdRule(rule)))}</b>; test images were not used.`;
}

const ROWS: readonly (readonly [keyof BinaryMetrics, string, string])[] = [
  ["rocAuc", "ROC AUC", "chance that a positive image scores above a negative one"],
  ["prAuc", "PR AUC", "average precision over all thresholds"],
  ["accuracy", "Accuracy", "share of right decisions"],
  ["balancedAccuracy", "Balanced accuracy", "mean of sensitivity and specificity"],
  ["recall", "Sensitivity (recall)", "share of positives found"],
  ["specificity", "Specificity", "share of negatives classified correctly"],
  ["precision", "Precision", "share of positive calls that are right"],
  ["f1", "F1", "harmonic mean of precision and recall"],
  ["weightedF1", "Weighted F1", "F1 of both classes, weighted by frequency"],
  ["falseNegativeRate", "False negative rate", "share of positives missed"],
  ["brier", "Brier score", "mean squared error of the probability; lower is better"],
  ["expectedCalibrationError", "Calibration error", "expected, in 15 bins; lower is better"],
];

function metricTable(main: PartitionFacts, validation: PartitionFacts | undefined): string {
  const cell = ({ metrics, intervals }: PartitionFacts, key: keyof BinaryMetrics) => {
    const value = definedMeasure(key, { ...metrics });
    return Number.isNaN(value) ? decimal(value) : measured(value, intervals[key as IntervalName]);
  };
  const head = ["Measure", `${main.name} (${main.metrics.n})`];
  if (validation) head.push(`validation (${validation.metrics.n})`);
  const rows = ROWS.map(([key, name, meaning]) => [
    `${name}<small>${meaning}</small>`,
    cell(main, key),
    ...(validation ? [cell(validation, key)] : []),
  ]);
  return table(head, rows);
}
