/** @module Colour and texture of all tiles of a run, and the colour baseline: a logistic regression on them. */
import { setImmediate } from "node:timers/promises";
import type { Partition } from "../dataset/index";
import {
  colourFeatureCount,
  colourRegression,
  copyWeights,
  measureColours,
  mlpOnFeatures,
  saveModel,
  setLogit,
} from "../models/index";
import type { TrainingOptions } from "../options/index";
import { featureExamples } from "./batches";
import { byPartition, eachPartition, type TrainingData } from "./data";
import { type FeatureScaling, fitScaling, scaled, scalingWeights } from "./rows";
import { solvedHead } from "./solved-head";
import type { TaskContext, TrainingTask } from "./training-task";

/** Features of all tiles by partition, [n, width] row-major, standardized by the training tiles. */
export interface ColourMeasures {
  readonly width: number;
  readonly values: Readonly<Record<Partition, Float32Array>>;
  readonly scaling: FeatureScaling;
}

/** Computes {@link measureColours} of all tiles, once for all views, because they do not change it. */
export async function measureColour(
  { dataset, store, positions }: TrainingData,
  { progress, signal }: TaskContext,
): Promise<ColourMeasures> {
  const { size, bytesPerImage } = store;
  const width = colourFeatureCount(size);
  const levels = new Uint8Array(bytesPerImage);
  const task = progress.start("Colour and texture", dataset.tiles.length, "images");
  let done = 0;
  const raw = await eachPartition(async (partition) => {
    const values = new Float32Array(positions[partition].length * width);
    for (const [i, position] of positions[partition].entries()) {
      store.read([position], levels);
      values.set(measureColours(levels, size, size), i * width);
      await setImmediate(); // lets Ctrl-C through
      signal?.throwIfAborted();
      task.update(++done);
    }
    return values;
  });
  task.finish();
  const scaling = fitScaling(raw.train, width);
  return { width, values: byPartition((partition) => scaled(raw[partition], scaling)), scaling };
}

/** Logistic regression on colour and texture; the trainer starts from its solution. */
export async function colourTask(
  options: TrainingOptions,
  data: TrainingData,
  context: TaskContext,
): Promise<TrainingTask> {
  const { width, values, scaling } = await measureColour(data, context);
  const fit = await solvedHead({ x: values.train, labels: data.labels.train, groups: data.groups }, context);
  const model = mlpOnFeatures(width, { hidden: [], seed: options.seed });
  setLogit(model, fit.weights, fit.bias);
  return {
    model,
    examples: byPartition((partition) =>
      featureExamples([values[partition]], width, data.labels[partition], options.seed),
    ),
    architecture: `colour ${width}-1`,
    stemParameters: 2 * width,
    async save(run) {
      const whole = colourRegression(options.size, data.preprocessing);
      copyWeights(model, whole, new Map(scalingWeights("colour", scaling)));
      await saveModel(whole, run);
      whole.dispose();
    },
  };
}
