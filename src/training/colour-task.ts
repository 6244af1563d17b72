/** @module The colour baseline of a run: features once, logistic regression solved, then the same trainer as for all. */
import type { Partition } from "../dataset/index";
import { colourRegression, copyWeights, mlpOnFeatures, saveTopology, saveWeights } from "../models/index";
import type { TrainingOptions } from "../options/index";
import { tf } from "../tensorflow/index";
import { type Examples, featureExamples } from "./batches";
import { measureColour } from "./colour-measures";
import type { TrainingData } from "./data";
import { fitLogistic } from "./logistic-regression";
import type { TaskContext, TrainingTask } from "./training-task";

/** Logistic regression on colour and texture; the trainer starts from its solution. */
export async function colourTask(
  options: TrainingOptions,
  data: TrainingData,
  { progress }: TaskContext,
): Promise<TrainingTask> {
  const { width, values, scaling } = measureColour(data, progress);
  const of = (partition: Partition): Examples =>
    featureExamples([values[partition]], width, data.labels[partition], options.seed);
  const model = mlpOnFeatures(width, { hidden: [], seed: options.seed });
  const fit = fitLogistic(values.train, data.labels.train);
  progress.say(`Logistic regression on ${width} colour and texture features, penalty ${fit.penalty}.`);
  const logit = model.getLayer("logit");
  tf.tidy(() => logit.setWeights([tf.tensor2d(Float32Array.from(fit.weights), [width, 1]), tf.tensor1d([fit.bias])]));
  return {
    model,
    examples: { train: of("train"), validation: of("validation"), test: of("test") },
    architecture: `colour ${width}-1`,
    stemParameters: 2 * width,
    async save(run) {
      const whole = colourRegression(options.size, data.preprocessing);
      const own = new Map([
        ["colour/shift", scaling.shift],
        ["colour/scale", scaling.scale],
      ]);
      copyWeights(model, whole, own);
      await saveTopology(whole, run.topology);
      await saveWeights(whole, run.bestWeights);
      whole.dispose();
    },
    async close() {
      model.dispose();
    },
  };
}
