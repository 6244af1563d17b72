/** @module The colour baseline of a run: features once, logistic regression solved, then the same trainer as for all. */
import type { Partition } from "../dataset/index";
import {
  colourFeatureCount,
  colourFeatures,
  colourRegression,
  copyWeights,
  mlpOnFeatures,
  saveTopology,
  saveWeights,
} from "../models/index";
import type { Progress } from "../progress/index";
import type { TrainingOptions } from "../runs/index";
import { tf } from "../tensorflow/index";
import { type Examples, featureExamples, pixelExamples } from "./batches";
import type { TrainingData } from "./data";
import { fitScaling, scaled } from "./feature-scaling";
import { fitLogistic } from "./logistic-regression";
import type { Network } from "./trainable";

/** Logistic regression on colour and texture; the trainer starts from its solution. */
export async function colourNetwork(
  options: TrainingOptions,
  data: TrainingData,
  { progress }: { readonly progress: Progress },
): Promise<Network> {
  const { mean, std } = data.preprocessing;
  const width = colourFeatureCount(options.size);
  const raw = measureAll(data, progress);
  const scaling = fitScaling(raw.train, width);
  const inputs = {
    train: scaled(raw.train, scaling),
    validation: scaled(raw.validation, scaling),
    test: scaled(raw.test, scaling),
  };
  const of = (partition: Partition): Examples =>
    featureExamples([inputs[partition]], width, data.labels[partition], options.seed);
  const model = mlpOnFeatures(width, { hidden: [], seed: options.seed });
  const fit = fitLogistic(inputs.train, data.labels.train);
  progress.say(`Logistic regression on ${width} colour and texture features, penalty ${fit.penalty}.`);
  const logit = model.getLayer("logit");
  tf.tidy(() => logit.setWeights([tf.tensor2d(Float32Array.from(fit.weights), [width, 1]), tf.tensor1d([fit.bias])]));
  return {
    model,
    examples: { train: of("train"), validation: of("validation"), test: of("test") },
    architecture: `colour ${width}-1`,
    stemParameters: 2 * width,
    async save(run) {
      const whole = colourRegression(options.size, { mean, std });
      const own = new Map([
        ["colour/shift", scaling.shift],
        ["colour/scale", scaling.scale],
      ]);
      copyWeights(model, whole, own);
      await saveTopology(whole, run.topology);
      await saveWeights(whole, run.bestWeights);
      whole.dispose();
    },
  };
}

/** Features of all tiles, by partition, [n, features] row-major. */
function measureAll(data: TrainingData, progress: Progress): Record<Partition, Float32Array> {
  const { mean, std } = data.preprocessing;
  const task = progress.start("Colour and texture", data.dataset.tiles.length, "images");
  let done = 0;
  const of = (partition: Partition) => {
    const labels = data.labels[partition];
    const pixels = pixelExamples(data.store, data.positions[partition], labels, data.preprocessing);
    const rows: Float32Array[] = [];
    for (let start = 0; start < labels.length; start += 16) {
      const some = Uint32Array.from({ length: Math.min(16, labels.length - start) }, (_, i) => start + i);
      const values = tf.tidy(() => {
        const x = pixels.inputs(some, undefined) as tf.Tensor4D;
        return colourFeatures(x, { mean, std }).dataSync() as Float32Array;
      });
      rows.push(values);
      done += some.length;
      task.update(done);
    }
    const whole = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
    let at = 0;
    for (const row of rows) {
      whole.set(row, at);
      at += row.length;
    }
    return whole;
  };
  const result = { train: of("train"), validation: of("validation"), test: of("test") };
  task.finish();
  return result;
}
