/** @module The sections on calibration and on the model compared with the experts. */
import {
  brierScore,
  calibrationLine,
  calibrationTest,
  expectedCalibrationError,
  logLoss,
  probabilityByVotes,
  resultsByAgreement,
} from "../evaluation/index";
import { bracket, columns, decimal, escapeHtml, paragraph, percent, table } from "../format/index";
import { calibrationWords } from "./calibration-words";
import type { ReportFacts, Section } from "./facts";
import type { EvaluationFigures } from "./figures";

export function calibrationSection(facts: ReportFacts, figures: EvaluationFigures): Section {
  const { main, validation, temperature, versions } = facts;
  const { labels, groups } = main;
  const { logits } = versions[0] as (typeof versions)[number];
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
  const [trained, scaled] = versions.map((version) => logLoss(labels, version.logits));
  const words = calibrationWords({
    ...calibrationLine(labels, logits),
    chance: calibrationTest(labels, logits, groups),
    ...(validation && {
      scaling: temperature
        ? { temperature: temperature.temperature, before: trained as number, after: scaled as number }
        : "none",
    }),
  });
  return {
    id: "calibration",
    title: "Calibration: do the probabilities match the frequencies?",
    blocks: [
      {
        figure: figures.calibration,
        caption:
          "On the dotted line 70 % of the images given a probability of 0.7 are positive. Bars are 95 % score intervals.",
      },
      {
        figure: figures.scores,
        caption: "Where the classes overlap, the model cannot tell them apart.",
      },
      columns(
        table(["Probabilities", "calibration error", "Brier score", "log loss", "slope", "intercept"], rows),
        paragraph(`${words} A slope of 1 and an intercept of 0 are perfect.`),
      ),
    ],
  };
}

/** Undefined if no votes are known. */
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
    title: results.config.drawn ? "Compared with the simulated votes" : "Compared with the experts",
    blocks: [
      {
        figure: figures.agreement,
        caption: "Where the experts disagreed, the label itself is uncertain. Bars are 95 % score intervals.",
      },
      {
        figure: figures.votes,
        caption: "A model that is uncertain where experts are uncertain follows the dotted line.",
      },
      columns(
        table(["Agreement", "images", positive, "accuracy", "ROC AUC"], cells),
        paragraph(
          `Rank correlation (Spearman) of the model's probability with the number of votes for ${positive}: <b>${decimal(correlation)}</b>.`,
        ),
      ),
    ],
  };
}
