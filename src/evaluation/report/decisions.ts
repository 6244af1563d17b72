/** @module Ranking, the threshold, and what other thresholds would do. */
import { confusionFigure, precisionRecallFigure, rocFigure, sweepFigure } from "../../plots/index";
import { rankRows } from "../bootstrap";
import { confusionAt, decisionMetrics } from "../confusion";
import { precisionRecallCurve, rocBand, rocCurve, thresholdSweep } from "../curves";
import { chooseThreshold, describeThresholdRule, type ThresholdRule } from "../threshold";
import type { ReportFacts } from "./facts";
import { decimal, escapeHtml, paragraph, percent, resized, type Section, table } from "./html";

export function rankingSection({ main }: ReportFacts): Section {
  const { labels, scores, metrics, intervals, name } = main;
  const positives = metrics.confusion.tp + metrics.confusion.fn;
  const band = rocBand(rankRows(labels, scores), { resamples: 500 });
  const operating = { recall: metrics.recall, specificity: metrics.specificity, threshold: metrics.threshold };
  const curve = rocCurve(labels, scores);
  return {
    id: "ranking",
    title: "How well images are ranked",
    blocks: [
      {
        figure: rocFigure([{ name, curve, auc: metrics.rocAuc, ci95: intervals.rocAuc, band, operating }]),
        caption:
          "The shaded band holds the curve in 95 % of bootstrap resamples, point by point; the ring is the threshold in use.",
      },
      {
        figure: precisionRecallFigure(
          [{ name, curve: precisionRecallCurve(labels, scores), prAuc: metrics.prAuc, ci95: intervals.prAuc }],
          positives / metrics.n,
        ),
        caption: "Precision depends on how frequent positives are; where they are rarer than here, it is lower.",
      },
    ],
  };
}

/** Rules that a reader may prefer. */
const ALTERNATIVES: readonly ThresholdRule[] = [
  { rule: "balanced-accuracy" },
  { rule: "f1" },
  { rule: "recall", atLeast: 0.9 },
  { rule: "recall", atLeast: 0.95 },
  { rule: "cost", missed: 5 },
];

export function thresholdSection({ results, main, validation }: ReportFacts): Section {
  const { classes, threshold } = results;
  const chosenOn = validation ?? main;
  const sweep = thresholdSweep(chosenOn.labels, chosenOn.scores);
  const confusion = confusionFigure(main.metrics.confusion, classes, `Confusion matrix, ${main.name}`);
  const blocks: Section["blocks"] = [
    { figure: confusion, caption: "Counts, and their share of the true class (rows)." },
    {
      figure: resized(sweepFigure(sweep, threshold.value), 690),
      caption: `Every threshold on ${chosenOn.name} images${chosenOn === validation ? ", where the choice was made" : ""}.`,
    },
  ];
  const alternatives = validation && validation !== main ? [alternativesTable(main, validation, classes[1])] : [];
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
  return `${paragraph(`What other rules would have chosen on validation, and what that gives on the ${main.name} images:`)}${table(head, rows)}`;
}
