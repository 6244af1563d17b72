/** @module Calibration, and the model beside the experts. */
import {
  brierScore,
  calibrationLine,
  calibrationTest,
  expectedCalibrationError,
  finiteLogits,
  logLoss,
  probabilityByVotes,
  resultsByAgreement,
  sigmoid,
} from "../evaluation/index";
import type { ReportFacts } from "./facts";
import type { EvaluationFigures } from "./figures";
import { bracket, decimal, escapeHtml, paragraph, percent, resized, type Section, table } from "./html";

export function calibrationSection({ main, temperature }: ReportFacts, figures: EvaluationFigures): Section {
  const { labels, scores } = main;
  const logits = finiteLogits(scores);
  const versions = [{ name: "as trained", logits, scores }];
  if (temperature) {
    const scaled = logits.map((logit) => logit / temperature.temperature);
    versions.push({ name: "temperature scaled", logits: scaled, scores: scaled.map(sigmoid) });
  }
  const rows = versions.map((version) => {
    const { slope, intercept } = calibrationLine(labels, version.logits);
    const values = [
      expectedCalibrationError(labels, version.scores),
      brierScore(labels, version.scores),
      logLoss(labels, version.logits),
      slope,
      intercept,
    ];
    return [version.name, ...values.map((value) => decimal(value))];
  });
  const advice = temperature ? temperatureAdvice(temperature.temperature) : "";
  return {
    id: "calibration",
    title: "Calibration: can the probability be taken at its word?",
    blocks: [
      {
        figure: figures.calibration,
        caption:
          "On the dotted line 70 % of the images given a probability of 0.7 are positive. Bars are 95 % Wilson intervals.",
      },
      {
        figure: resized(figures.scores, 590),
        caption: "Where the classes overlap, the model cannot tell them apart.",
      },
      table(["Probabilities", "calibration error", "Brier score", "log loss", "slope", "intercept"], rows),
      paragraph(
        `${advice} A slope of 1 and an intercept of 0 are perfect; a slope below 1 means probabilities too close to 0 and 1. ${chance(calibrationTest(labels, logits))}`,
      ),
    ],
  };
}

function chance(p: number): string {
  if (Number.isNaN(p)) return "";
  const shown = p < 0.001 ? "below 0.001" : `<b>${decimal(p)}</b>`;
  return `Among as many images with right probabilities, the chance of a line this far from perfect is ${shown} (likelihood ratio test, as trained).`;
}

function temperatureAdvice(temperature: number): string {
  const fitted = `The temperature fitted on validation is <b>${decimal(temperature, 2)}</b>`;
  if (temperature > 1.1) return `${fitted}: the model is surer of itself than it should be.`;
  if (temperature < 0.9) return `${fitted}: the model is less sure of itself than it could be.`;
  return `${fitted}: the model's confidence is about right.`;
}

/** Nothing where no votes are known. */
export function expertSection({ results, main }: ReportFacts, figures: EvaluationFigures): Section | undefined {
  const { rows, metrics } = main;
  const groups = resultsByAgreement(rows, metrics.threshold);
  if (!figures.agreement || !figures.votes) return undefined;
  const { correlation } = probabilityByVotes(rows, metrics.threshold);
  const cells = groups.map(({ agreement, n, positives, accuracy, accuracyCi95, rocAuc }) => [
    agreement,
    String(n),
    percent(positives / n, 0),
    `${decimal(accuracy)} ${bracket(accuracyCi95)}`,
    decimal(rocAuc),
  ]);
  const positive = escapeHtml(results.classes[1]);
  return {
    id: "experts",
    title: "Beside the experts",
    blocks: [
      {
        figure: resized(figures.agreement, 570),
        caption: "Where the experts disagreed, the label itself is uncertain. Bars are 95 % Wilson intervals.",
      },
      {
        figure: resized(figures.votes, 590),
        caption: "A model that doubts where experts doubt follows the dotted line.",
      },
      table(["Agreement", "images", positive, "accuracy", "ROC AUC"], cells),
      paragraph(
        `Rank correlation (Spearman) of the model's probability with the number of votes for ${positive}: <b>${decimal(correlation)}</b>.`,
      ),
    ],
  };
}
