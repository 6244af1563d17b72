/** @module The colour baseline: solved logistic regression on colour features, which the trainer then trains further. */
import { colourRegression, copyWeights, mlpOnFeatures, saveModel, setLogit } from "../models/index";
import type { TrainingOptions } from "../options/index";
import { featureExamples } from "./batches";
import { measureColour } from "./colour-measures";
import { byPartition, type TrainingData } from "./data";
import { fitLogistic } from "./logistic-regression";
import { scalingWeights } from "./rows";
import type { TaskContext, TrainingTask } from "./training-task";

/** Logistic regression on colour and texture; the trainer starts from its solution. */
export async function colourTask(
  options: TrainingOptions,
  data: TrainingData,
  context: TaskContext,
): Promise<TrainingTask> {
  const { width, values, scaling } = await measureColour(data, context);
  const model = mlpOnFeatures(width, { hidden: [], seed: options.seed });
  const fit = fitLogistic(values.train, data.labels.train, undefined, 1, data.groups);
  context.progress.say(`Logistic regression on ${width} colour and texture features, penalty ${fit.penalty}.`);
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
