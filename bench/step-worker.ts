/**
 * @module Times training steps of a network on random pixels: `step-worker.js NETWORK PRECISION SIZE BATCH STEPS`. Prints
 * `{seconds, peakBytes}`.
 */
import "./float32-process";
import { liteShape } from "../src/backbones/index";
import { cnn, efficientNetLite, mlp, vit } from "../src/models/index";
import { Adam, lossAndGradients, type Precision, setPrecision, tf } from "../src/tensorflow/index";
import { standardizedTensor } from "../src/training/batches";
import { createLoss } from "../src/training/index";
import { timeSteps } from "./step-times";

const [network = "cnn", precision = "bf16", ...numbers] = process.argv.slice(2);
const [size = 224, batch = 32, steps = 6] = numbers.map(Number);
setPrecision(precision as Precision);
const MODELS: Readonly<Record<string, () => tf.LayersModel>> = {
  mlp: () => mlp(size, { hidden: [2352, 2352, 294], seed: 1 }),
  cnn: () => cnn(size, { seed: 1 }),
  vit: () => vit(size, { seed: 1 }),
  "efficientnet-lite0": () => efficientNetLite(size, { ...liteShape({ depth: 1, width: 1 }), seed: 1 }),
};
const model = (MODELS[network] as () => tf.LayersModel)();
const optimizer = new Adam();
const loss = createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 });
const bytes = Uint8Array.from({ length: batch * size * size * 3 }, (_, i) => (i * 2654435761) % 251);
const labels = tf.tensor2d(
  Array.from({ length: batch }, (_, i) => i % 2),
  [batch, 1],
);
const seconds = timeSteps(steps, () => {
  const inputs = standardizedTensor(bytes, [batch, size, size, 3], { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  const { loss: value, gradients } = lossAndGradients(model, () =>
    loss(model.apply(inputs, { training: true }) as tf.Tensor2D, labels as tf.Tensor2D),
  );
  value.dataSync();
  optimizer.apply(gradients, 1e-6);
  tf.dispose([inputs, value]);
});
process.stdout.write(`${JSON.stringify({ seconds, peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`);
