/**
 * @module Colour and texture of all tiles of a run, and the colour baseline: solved logistic regression on them, which the trainer then
 * trains further.
 */
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
export async function measureColour(data: TrainingData, { progress, signal }: TaskContext): Promise<ColourMeasures> {
  const task = progress.start("Colour and texture", data.dataset.tiles.length, "images");
  let before = 0;
  const raw = await eachPartition(async (partition) => {
    const values = await measure(data, partition, (done) => {
      signal?.throwIfAborted();
      task.update(before + done);
    });
    before += data.labels[partition].length;
    return values;
  });
  task.finish();
  const width = raw.train.length / data.labels.train.length;
  const scaling = fitScaling(raw.train, width);
  return { width, values: byPartition((partition) => scaled(raw[partition], scaling)), scaling };
}

async function measure(
  data: TrainingData,
  partition: Partition,
  onDone: (images: number) => void,
): Promise<Float32Array> {
  const { store, positions } = data;
  const { size, bytesPerImage } = store;
  const count = data.labels[partition].length;
  const values = new Float32Array(count * colourFeatureCount(size));
  const levels = new Uint8Array(bytesPerImage);
  for (let i = 0; i < count; i++) {
    store.read([positions[partition][i] as number], levels);
    values.set(measureColours(levels, size, size), (i * values.length) / count);
    await setImmediate(); // lets Ctrl-C through
    onDone(i + 1);
  }
  return values;
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
    async close() {
      model.dispose();
    },
  };
}
