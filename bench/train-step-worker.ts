/** @module Times steps of an MLP on random pixels: `train-step-worker.js PRECISION SIZE STEPS`. Prints `{seconds, peakBytes}`. */
import { mlp } from "../src/models/index";
import { Adam, lossAndGradients, type Precision, setPrecision, tf } from "../src/tensorflow/index";
import { standardizedTensor } from "../src/training/batches";
import { createLoss } from "../src/training/index";
import { timeSteps } from "./step-times";

const [precision = "bf16", size = "224", steps = "6"] = process.argv.slice(2);
const BATCH = 64;
setPrecision(precision as Precision);
const edge = Number(size);
const model = mlp(edge, { hidden: [2352, 2352, 294], seed: 1 });
const optimizer = new Adam();
const loss = createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 });
const bytes = Uint8Array.from({ length: BATCH * edge * edge * 3 }, (_, i) => (i * 2654435761) % 251);
const labels = tf.tensor2d(
  Array.from({ length: BATCH }, (_, i) => i % 2),
  [BATCH, 1],
);
const seconds = timeSteps(Number(steps), () => {
  const inputs = standardizedTensor(bytes, [BATCH, edge, edge, 3], { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  const { loss: value, gradients } = lossAndGradients(model, () =>
    loss(model.apply(inputs, { training: true }) as tf.Tensor2D, labels as tf.Tensor2D),
  );
  value.dataSync();
  optimizer.apply(gradients, 1e-6);
  tf.dispose([inputs, value]);
});
process.stdout.write(`${JSON.stringify({ seconds, peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`);
