/** @module What the service knows of a model: its training curves, and the images that it has predicted. */
import { join } from "node:path";
import type { Partition } from "../../../src/dataset/labels/index";
import type { EpochLine } from "../../../src/evaluation/index";
import { RunDirectory } from "../../../src/runs/index";
import { json } from "../http/index";
import type { ServedModel } from "../models/index";
import type { Handler } from "./context";

const MOST_POINTS = 200;
const HISTOGRAM_BINS = 20;

/**
 * `{thresholds, history, partitions}`; the last two are null and empty if the run is not on this machine. A partition of one class is
 * left out: its rates do not exist.
 */
export const curvesRoute: Handler = async ({ models, runs }, { parameters }) => {
  const model = models.get(parameters.model);
  const run = runOf(model, runs);
  const [history, validation, test] = await Promise.all([
    run ? historyOf(run) : null,
    run ? partitionCurves(run, "validation") : null,
    run ? partitionCurves(run, "test") : null,
  ]);
  return json({
    model: model.name,
    // From the model's card, and so available on every machine.
    thresholds: model.card.validationCurve ?? null,
    history,
    partitions: { ...(validation ? { validation } : {}), ...(test ? { test } : {}) },
  });
};

/** Loaded late: most services, and every Lambda function, have no runs. */
const evaluation = () => import("../../../src/evaluation/index.js");

/** Finds a run by the name in the model's card, which may be untrusted: accepts only a plain folder name. */
function runOf({ card }: ServedModel, runs: string | undefined): RunDirectory | undefined {
  const name = card.source?.run;
  if (!runs || !name || !/^\w[\w. -]*$/.test(name)) return undefined;
  return new RunDirectory(join(runs, name));
}

async function historyOf(run: RunDirectory): Promise<object[] | null> {
  try {
    const { readHistory } = await evaluation();
    const brief = ({ loss, rocAuc }: EpochLine["train"]) => ({ loss, rocAuc });
    return (await readHistory(run.history)).map(({ epoch, learningRate, train, validation }) => ({
      epoch,
      learningRate,
      train: brief(train),
      validation: brief(validation),
    }));
  } catch {
    return null;
  }
}

async function partitionCurves(run: RunDirectory, partition: Partition): Promise<object | null> {
  try {
    const { calibrationBins, precisionRecallCurve, readPredictions, rocCurve } = await evaluation();
    const predictions = await readPredictions(run.predictions(partition));
    const labels = predictions.map(({ label }) => label);
    if (new Set(labels).size < 2) return null;
    const probabilities = predictions.map(({ probability }) => probability);
    const roc = rocCurve(labels, probabilities);
    const curve = precisionRecallCurve(labels, probabilities);
    return {
      n: labels.length,
      roc: { falsePositiveRate: thinned(roc.falsePositiveRate), truePositiveRate: thinned(roc.truePositiveRate) },
      thresholds: thinned(roc.thresholds),
      precisionRecall: { precision: thinned(curve.precision), recall: thinned(curve.recall) },
      calibration: calibrationBins(labels, probabilities, 10).filter(({ count }) => count > 0),
      histogram: histogram(labels, probabilities),
    };
  } catch {
    return null;
  }
}

/** At most {@link MOST_POINTS} points, including the first and the last. Replaces infinity, which JSON lacks, by 1. */
function thinned(values: Float64Array): number[] {
  const count = Math.min(values.length, MOST_POINTS);
  return Array.from({ length: count }, (_, i) => {
    const value = values[count === 1 ? 0 : Math.round((i * (values.length - 1)) / (count - 1))] as number;
    return Number.isFinite(value) ? Number(value.toFixed(5)) : 1;
  });
}

/** Counts by probability: `[negatives, positives]`, each of {@link HISTOGRAM_BINS} bins. */
function histogram(labels: readonly number[], probabilities: readonly number[]): [number[], number[]] {
  const counts: [number[], number[]] = [Array(HISTOGRAM_BINS).fill(0), Array(HISTOGRAM_BINS).fill(0)];
  for (const [i, probability] of probabilities.entries()) {
    const bin = Math.min(HISTOGRAM_BINS - 1, Math.floor(probability * HISTOGRAM_BINS));
    const row = counts[labels[i] === 1 ? 1 : 0];
    row[bin] = (row[bin] ?? 0) + 1;
  }
  return counts;
}

/** Colour and texture features of at most 500 images since the start; empty for models without statistics of training tiles. */
export const metRoute: Handler = async ({ models }, { parameters }) => {
  const model = models.get(parameters.model);
  const { preprocessing } = model.card;
  return json({
    format: "histo-met/1",
    model: model.name,
    model_sha256: model.sha256,
    preprocessing,
    ...(await model.metImages()),
  });
};
