/** @module The first page: results, images and uncertainty. */
import { leakWords } from "../dataset/labels/index";
import {
  type BinaryMetrics,
  calibrationTest,
  describeThresholdRule,
  type IntervalName,
  parseThresholdRule,
  type RowGroups,
} from "../evaluation/index";
import { bracket, columns, counted, decimal, escapeHtml, paragraph, percent, table } from "../format/index";
import { definedMeasure, type PartitionFacts, type ReportFacts, type Section } from "./facts";

export function summarySection({ results, main, validation }: ReportFacts): Section {
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
          ...[
            ...drawnWords(results.config.drawn),
            ...leakWords(results.config.acrossPartitions),
            ...cautions(main, validation),
          ].map((text) => `<p class="caution">${text}</p>`),
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
  const ends = interval.map((end) => 100 * end) as [number, number];
  return bracket(ends, 1).replace(")</span>", " %)</span>");
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

/** What results on drawn tiles do not say. */
function drawnWords(drawn = false): string[] {
  return drawn
    ? ["The images are drawn by a program, and so are the votes on them: these results say nothing about tissue."]
    : [];
}

/** Warnings about the results. */
function cautions(
  { labels, logits, groups, metrics, intervals, name }: PartitionFacts,
  validation?: PartitionFacts,
): string[] {
  const { tp, fn, fp, tn } = metrics.confusion;
  const [positives, negatives] = [tp + fn, tn + fp];
  const floor = Math.max(positives, negatives) / metrics.n;
  const found: string[] = [];
  if (name === "validation") {
    found.push(
      "There are no test predictions. These are validation images, which were used to choose epoch and threshold: expect worse results on new images.",
    );
  }
  if (positives === 0 || negatives === 0) {
    found.push(
      `All ${name} images are of one class: areas under curves cannot be computed, and nothing is known about the other class.`,
    );
  } else {
    const images = Math.min(positives, negatives);
    const units = groups ? fewestGroups(labels, groups) : images;
    const few = groups
      ? `${counted(units, "group")} (patients or slides) with images of one class`
      : `${counted(images, "image")} of the rarer class`;
    if (units < 30) found.push(`Only ${few}: the intervals are wide, and may still be too narrow.`);
  }
  if (intervals.rocAuc[0] <= 0.5 && metrics.rocAuc > 0.5)
    found.push("The interval of the ROC AUC includes 0.5: the ranking may be chance.");
  if (metrics.rocAuc <= 0.5) found.push("The ROC AUC is no better than chance.");
  if (positives > 0 && negatives > 0 && metrics.accuracy < floor) {
    found.push(
      `Accuracy (${percent(metrics.accuracy)}) is below that of always predicting the more frequent class (${percent(floor)}).`,
    );
  }
  // Large, and significant for this number of images.
  if (metrics.expectedCalibrationError > 0.1 && calibrationTest(labels, logits, groups) < 0.01) {
    found.push("Probabilities are poorly calibrated (see Calibration): use the decision, not the probability.");
  }
  if (name === "test" && validation && validation.metrics.rocAuc - metrics.rocAuc > 0.05) {
    found.push(`Validation (ROC AUC ${decimal(validation.metrics.rocAuc)}) is better than the test result.`);
  }
  return found;
}

function fewestGroups(labels: ArrayLike<number>, groups: RowGroups): number {
  return Math.min(...[0, 1].map((label) => new Set(groups.filter((_, row) => labels[row] === label)).size));
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
    return Number.isNaN(value) ? decimal(value) : `${decimal(value)} ${bracket(intervals[key as IntervalName])}`;
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
