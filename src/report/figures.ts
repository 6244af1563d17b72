/** @module The figures of a run by name, for its report, MLflow and notebooks. */

import {
  bestEpoch,
  calibrationBins,
  labelsAndScores,
  precisionRecallCurve,
  probabilityByVotes,
  type RunResults,
  rankRows,
  resultsByAgreement,
  rocBand,
  rocCurve,
  thresholdSweep,
} from "../evaluation/index";
import {
  agreementFigure,
  architectureFigure,
  calibrationFigure,
  confusionFigure,
  type Figure,
  learningCurves,
  learningRateFigure,
  precisionRecallFigure,
  rocFigure,
  scoreFigure,
  sweepFigure,
  votesFigure,
} from "../plots/index";
import { readLayers } from "./architecture";
import { type ReportFacts, reportFacts } from "./facts";

/** Few enough to fill each bin with a thousand images. */
const CALIBRATION_FIGURE_BINS = 10;

/** Figures of the test results, or of validation if there is no test. */
export interface EvaluationFigures {
  readonly confusion: Figure;
  /** On validation, where the threshold is chosen. */
  readonly sweep: Figure;
  readonly roc: Figure;
  readonly precisionRecall: Figure;
  readonly calibration: Figure;
  readonly scores: Figure;
  /** Only if votes are known. */
  readonly agreement?: Figure;
  readonly votes?: Figure;
}

export function evaluationFigures({ results, main, validation, versions }: ReportFacts): EvaluationFigures {
  const { labels, scores, metrics, intervals, name, rows } = main;
  const { classes, threshold } = results;
  const chosenOn = validation ?? main;
  const groups = resultsByAgreement(rows, metrics.threshold);
  return {
    confusion: confusionFigure(metrics.confusion, classes, `Confusion matrix, ${name}`),
    sweep: sweepFigure(thresholdSweep(chosenOn.labels, chosenOn.scores), threshold.value),
    roc: rocFigure([
      {
        name,
        curve: rocCurve(labels, scores),
        auc: metrics.rocAuc,
        ci95: intervals.rocAuc,
        band: rocBand(rankRows(labels, scores), { groups: labelsAndScores(rows).groups }),
        operating: metrics,
      },
    ]),
    precisionRecall: precisionRecallFigure(
      [{ name, curve: precisionRecallCurve(labels, scores), prAuc: metrics.prAuc, ci95: intervals.prAuc }],
      (metrics.confusion.tp + metrics.confusion.fn) / metrics.n,
    ),
    calibration: calibrationFigure(
      versions.map(({ name, scores }) => ({ name, bins: calibrationBins(labels, scores, CALIBRATION_FIGURE_BINS) })),
    ),
    scores: scoreFigure(labels, scores, classes, threshold.value),
    ...(groups.length > 0 && {
      agreement: agreementFigure(groups),
      votes: votesFigure(probabilityByVotes(rows, metrics.threshold).groups, classes[1]),
    }),
  };
}

/** Figures of the training, as far as the run has their data. */
export interface TrainingFigures {
  readonly architecture?: Figure;
  readonly learningCurves?: Figure;
  /** Only if the rate changed. */
  readonly learningRate?: Figure;
}

export async function trainingFigures(results: RunResults): Promise<TrainingFigures> {
  const { history, config } = results;
  const layers = await readLayers(results.directory);
  const best = bestEpoch(results);
  const metric = config.monitor && config.monitor !== "loss" ? config.monitor : "rocAuc";
  const rates = new Set(history.map(({ learningRate }) => learningRate));
  return {
    ...(layers.length > 0 && { architecture: architectureFigure(layers) }),
    ...(history.length > 0 && {
      learningCurves: learningCurves(history, { metric, ...(best !== undefined && { bestEpoch: best }) }),
    }),
    ...(rates.size > 1 && { learningRate: learningRateFigure(history) }),
  };
}

/** Every figure of a finished run. */
export async function runFigures(results: RunResults): Promise<Record<string, Figure>> {
  return { ...evaluationFigures(reportFacts(results)), ...(await trainingFigures(results)) };
}
