/** @module The initial head: fine-tuning from a solved head changes the lower layers less (Kumar et al. 2022). */
import { setImmediate } from "node:timers/promises";
import { setLogit } from "../../models/index";
import { tf } from "../../tensorflow/index";
import { batchesOf, type Examples } from "../batches";
import { fitScaling, scaled } from "../feature-scaling";
import { fitLogistic, MANY_FEATURES_PENALTIES } from "../logistic-regression";
import type { TaskContext } from "../training-task";

/** Solves logistic regression on the network's averaged features of the examples, and sets the weights of the logit. */
export async function solveLogit(
  model: tf.LayersModel,
  examples: Examples,
  batch: number,
  { progress, signal }: TaskContext,
): Promise<void> {
  const features = tf.model({
    inputs: model.inputs,
    outputs: model.getLayer("average").output as tf.SymbolicTensor,
  });
  const width = features.outputShape[1] as number;
  const source = batchesOf(examples, { size: batch });
  const values = new Float32Array(source.examples * width);
  const task = progress.start("Features to begin with", source.batches, "batches");
  for (let index = 0; index < source.batches; index++) {
    const { inputs, labels } = source.load(0, index);
    const rows = tf.tidy(() => (features.apply(inputs, { training: false }) as tf.Tensor).dataSync());
    values.set(rows, index * batch * width);
    tf.dispose([inputs, labels]);
    await setImmediate(); // lets Ctrl-C through
    signal?.throwIfAborted();
    task.update(index + 1);
  }
  const scaling = fitScaling(values, width);
  const { weights, bias, penalty } = fitLogistic(scaled(values, scaling), examples.labels, MANY_FEATURES_PENALTIES);
  task.finish(`logistic regression on ${width} features, penalty ${penalty}`);
  const kernel = Float32Array.from(weights, (weight, i) => weight * (scaling.scale[i] as number));
  const shift = kernel.reduce((sum, weight, i) => sum + weight * (scaling.shift[i] as number), 0);
  setLogit(model, kernel, bias - shift);
}
