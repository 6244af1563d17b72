/** @module The sections on calibration and on the model compared with the experts. */
import {
  brierScore,
  type CalibrationLine,
  calibrationLine,
  calibrationTest,
  expectedCalibrationError,
  logLoss,
  probabilityByVotes,
  resultsByAgreement,
  type Temperature,
} from "../evaluation/index";
import { columns, decimal, escapeHtml, measured, paragraph, percent, table } from "../format/index";
import type { ReportFacts, Section } from "./facts";
import type { EvaluationFigures } from "./figures";

export function calibrationSection(facts: ReportFacts, figures: EvaluationFigures): Section {
  const { main, validation, temperature, versions } = facts;
  const { labels, logits, groups } = main;
  const rows = versions.map(({ name, logits, scores }) => {
    const { slope, intercept } = calibrationLine(labels, logits);
    const errors = [expectedCalibrationError(labels, scores), brierScore(labels, scores), logLoss(labels, logits)];
    return [name, ...[...errors, slope, intercept].map((value) => decimal(value))];
  });
  const [before = Number.NaN, after = Number.NaN] = versions.map(({ logits }) => logLoss(labels, logits));
  const words = calibrationWords({
    ...calibrationLine(labels, logits),
    chance: calibrationTest(labels, logits, groups),
    ...(validation && { scaling: temperature ? { ...temperature, before, after } : "none" }),
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
    measured(accuracy, accuracyCi95),
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

/** The figures of one partition's probabilities. */
export interface CalibrationFigures extends CalibrationLine {
  /** P value of the calibration test; NaN for one class. */
  readonly chance: number;
  /** Of the temperature fitted on validation; `none` if validation determines none. */
  readonly scaling?: Temperature | "none";
}

/** Significance level of the calibration test. */
const SIGNIFICANT = 0.05;
/** Negligible distances of slope and temperature from 1 and of the intercept from 0, and changes of the log loss. */
const NEGLIGIBLE = { slope: 0.1, intercept: 0.2, temperature: 0.1, logLoss: 0.002 };

/** Sentences as HTML: whether the probabilities are right, how they are off, and whether the temperature helps. */
export function calibrationWords({ slope, intercept, chance, scaling }: CalibrationFigures): string {
  return [lineWords(slope, intercept, chance), ...(scaling ? [scalingWords(scaling)] : [])].join(" ");
}

function lineWords(slope: number, intercept: number, chance: number): string {
  if (!Number.isFinite(slope) || Number.isNaN(chance)) {
    return "There is no calibration line: it needs images of both classes whose scores differ and overlap.";
  }
  const shown = chance < 0.001 ? "below 0.001" : `<b>${decimal(chance)}</b>`;
  const test = `the chance of a line this far from perfect is ${shown} among as many images with right probabilities (likelihood ratio test)`;
  if (chance >= SIGNIFICANT) {
    return `These images do not show that the probabilities are wrong: slope ${decimal(slope, 2)}, intercept ${decimal(intercept, 2)}, and ${test}.`;
  }
  const ways = [slopeWords(slope), interceptWords(intercept)].filter(Boolean);
  const off = ways.length > 0 ? ways.join(", and ") : "the probabilities are off, though by little";
  return `As trained, ${off}: ${test}.`;
}

function slopeWords(slope: number): string {
  if (slope < 0) return `the ranking points the wrong way (slope ${decimal(slope, 2)})`;
  if (slope < 1 - NEGLIGIBLE.slope) {
    return `the model is overconfident (slope ${decimal(slope, 2)}, below 1: probabilities too close to 0 and 1)`;
  }
  if (slope > 1 + NEGLIGIBLE.slope) {
    return `the model is underconfident (slope ${decimal(slope, 2)}, above 1: probabilities too close to the middle)`;
  }
  return "";
}

function interceptWords(intercept: number): string {
  if (Math.abs(intercept) <= NEGLIGIBLE.intercept) return "";
  const [frequent, probabilities] = intercept > 0 ? ["more", "low"] : ["less", "high"];
  return `positives are ${frequent} frequent than an even probability says (intercept ${decimal(intercept, 2)}: probabilities too ${probabilities})`;
}

function scalingWords(scaling: Temperature | "none"): string {
  if (scaling === "none") {
    return (
      "No temperature can be fitted: validation has one class only, no decision at a probability of 0.5 is wrong there, " +
      "or 0.5 for every image would do as well or better."
    );
  }
  const { temperature, before, after } = scaling;
  const fitted = `The temperature fitted on validation is <b>${decimal(temperature, 2)}</b>`;
  const change = `log loss ${decimal(before)} before, ${decimal(after)} after`;
  if (Math.abs(after - before) < NEGLIGIBLE.logLoss) {
    const why = Math.abs(temperature - 1) < NEGLIGIBLE.temperature ? ", close to 1," : "";
    return `${fitted}${why} and changes little here (${change}).`;
  }
  if (after > before) return `${fitted}, but it makes these probabilities worse (${change}): use them as trained.`;
  return `${fitted} and makes these probabilities better (${change}).`;
}
