/** @module The figures of a run by name, for its report, MLflow and notebooks. */
import { existsSync } from "node:fs";
import {
  bestEpoch,
  measuredBins,
  precisionRecallCurve,
  probabilityByVotes,
  type RunResults,
  resultsByAgreement,
  rocBand,
  rocCurve,
  sigmoid,
  thresholdSweep,
} from "../evaluation/index";
import { readJson, SafetensorsFile, sizeOf } from "../files/index";
import {
  agreementFigure,
  architectureFigure,
  calibrationFigure,
  confusionFigure,
  type DrawnLayer,
  type Figure,
  learningCurves,
  learningRateFigure,
  precisionRecallFigure,
  rocFigure,
  scoreFigure,
  sweepFigure,
  votesFigure,
} from "../plots/index";
import type { RunDirectory } from "../runs/index";
import { type ReportFacts, reportFacts } from "./facts";

/** Few enough to fill each bin with a thousand images. */
const CALIBRATION_FIGURE_BINS = 10;

export type EvaluationFigures = ReturnType<typeof evaluationFigures>;

/** Figures of the test results, or of validation if there is no test; those of the experts' votes only if they are known. */
export function evaluationFigures({ results, main, validation, versions }: ReportFacts) {
  const { labels, scores, logits, groups, metrics, intervals, name, rows } = main;
  const { classes, threshold } = results;
  const chosenOn = validation ?? main;
  const byAgreement = resultsByAgreement(rows, metrics.threshold);
  return {
    confusion: confusionFigure(metrics.confusion, classes, `Confusion matrix, ${name}`),
    sweep: sweepFigure(thresholdSweep(chosenOn.labels, chosenOn.scores), threshold.value),
    roc: rocFigure([
      {
        name,
        curve: withProbabilities(rocCurve(labels, logits)),
        auc: metrics.rocAuc,
        ci95: intervals.rocAuc,
        band: rocBand(labels, logits, { groups }),
        operating: metrics,
      },
    ]),
    precisionRecall: precisionRecallFigure(
      [
        {
          name,
          curve: withProbabilities(precisionRecallCurve(labels, logits)),
          prAuc: metrics.prAuc,
          ci95: intervals.prAuc,
        },
      ],
      (metrics.confusion.tp + metrics.confusion.fn) / metrics.n,
    ),
    calibration: calibrationFigure(
      versions.map(({ name, scores }) => ({
        name,
        bins: measuredBins(labels, scores, CALIBRATION_FIGURE_BINS, groups),
      })),
    ),
    scores: scoreFigure(labels, scores, classes, threshold.value),
    ...(byAgreement.length > 0 && {
      agreement: agreementFigure(byAgreement),
      votes: votesFigure(probabilityByVotes(rows, metrics.threshold).groups, classes[1]),
    }),
  };
}

/** A curve over logits with the probabilities as thresholds; the infinite threshold of its first point stays. */
function withProbabilities<T extends { readonly thresholds: Float64Array }>(curve: T): T {
  return { ...curve, thresholds: curve.thresholds.map((logit) => (Number.isFinite(logit) ? sigmoid(logit) : logit)) };
}

export type TrainingFigures = Awaited<ReturnType<typeof trainingFigures>>;

/** Figures of the training, as far as the run has their data; that of the rate only if it changed. */
export async function trainingFigures(results: RunResults) {
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

interface KerasLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
}

/** Layers to draw: not those that only reshape, drop or activate. */
const DRAWN =
  /^(InputLayer|.*Dense|.*Conv2D|.*Pooling2D|Subspace.*|LayerNormalization|BatchNormalization|.*Attention.*)$/;

/** The layers to draw, with their numbers of weights. Empty if the run lacks these files or has an unknown topology. */
async function readLayers({ topology, bestWeights }: RunDirectory): Promise<DrawnLayer[]> {
  if (!existsSync(topology) || !existsSync(bestWeights)) return [];
  try {
    const { config } = await readJson<{ config?: { layers?: KerasLayer[] } | KerasLayer[] }>(topology);
    const layers = Array.isArray(config) ? config : (config?.layers ?? []);
    const counts = await weightsByLayer(bestWeights);
    return layers.filter(({ class_name }) => DRAWN.test(class_name)).map((layer) => drawnLayer(layer, counts));
  } catch {
    return [];
  }
}

async function weightsByLayer(path: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { name, shape } of await SafetensorsFile.reading(path, (file) => file.entries())) {
    const layer = name.slice(0, name.lastIndexOf("/"));
    counts.set(layer, (counts.get(layer) ?? 0) + sizeOf(shape));
  }
  return counts;
}

function drawnLayer({ class_name, config }: KerasLayer, counts: ReadonlyMap<string, number>): DrawnLayer {
  const input = (config.batch_input_shape ?? config.batchInputShape) as (number | null)[] | undefined;
  const shape = class_name === "InputLayer" && input ? input.slice(1).map(Number) : [];
  const size = shape.length > 0 ? sizeOf(shape) : Number(config.units ?? config.filters ?? config.rank ?? 0);
  const activation =
    typeof config.activation === "string" && config.activation !== "linear" ? ` ${config.activation}` : "";
  return {
    name: config.name,
    kind: class_name === "InputLayer" ? "input" : `${class_name === "BlockDense" ? "Dense" : class_name}${activation}`,
    output: shape.length > 0 ? shape.join(" × ") : size > 0 ? String(size) : config.name,
    size,
    parameters: counts.get(config.name) ?? 0,
  };
}
