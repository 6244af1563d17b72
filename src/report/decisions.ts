/** @module The sections on ranking and on the threshold and its alternatives. */
import {
  chooseThreshold,
  confusionAt,
  decisionMetrics,
  describeThresholdRule,
  type ThresholdRule,
} from "../evaluation/index";
import { decimal, escapeHtml, paragraph, percent, table } from "../format/index";
import type { ReportFacts, Section } from "./facts";
import type { EvaluationFigures } from "./figures";

export function rankingSection({ roc, precisionRecall }: EvaluationFigures): Section {
  return {
    id: "ranking",
    title: "How well images are ranked",
    blocks: [
      {
        figure: roc,
        caption:
          "The shaded band holds the true curve with 95 % confidence, point by point; the ring is the threshold in use.",
      },
      {
        figure: precisionRecall,
        caption: "Precision depends on how frequent positives are; if they are rarer than here, it is lower.",
      },
    ],
  };
}

const ALTERNATIVES: readonly ThresholdRule[] = [
  { rule: "balanced-accuracy" },
  { rule: "f1" },
  { rule: "recall", atLeast: 0.9 },
  { rule: "recall", atLeast: 0.95 },
  { rule: "cost", missed: 5 },
];

export function thresholdSection(
  { results, main, validation }: ReportFacts,
  { confusion, sweep }: EvaluationFigures,
): Section {
  const { name: where, labels } = validation ?? main;
  const why = validation && results.threshold.rule ? ", where the choice was made" : "";
  const blocks: Section["blocks"] = [
    { figure: confusion, caption: "Counts, and their share of the true class (rows)." },
    { figure: sweep, caption: `Every threshold on ${where} images${why}.` },
  ];
  const canChoose = validation !== main && new Set(labels).size === 2;
  const alternatives = validation && canChoose ? [alternativesTable(main, validation, results.classes[1])] : [];
  return { id: "threshold", title: "The decision and its threshold", blocks: [...blocks, ...alternatives] };
}

function alternativesTable(
  main: ReportFacts["main"],
  validation: NonNullable<ReportFacts["validation"]>,
  positive: string,
): string {
  const rows = ALTERNATIVES.map((rule) => {
    const { threshold } = chooseThreshold(validation.labels, validation.scores, rule);
    const { recall, specificity, precision, balancedAccuracy } = decisionMetrics(
      confusionAt(main.labels, main.scores, threshold),
    );
    const values = [recall, specificity, precision, balancedAccuracy].map((value) => percent(value));
    return [escapeHtml(describeThresholdRule(rule)), decimal(threshold), ...values];
  });
  const head = [
    "Rule, chosen on validation",
    "threshold",
    `sensitivity for ${escapeHtml(positive)}`,
    "specificity",
    "precision",
    "balanced accuracy",
  ];
  return `${paragraph(`Thresholds that other rules choose on validation, and their results on the ${main.name} images:`)}${table(head, rows)}`;
}
