import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/random/index";
import { Sgd, tf } from "../../src/tensorflow/index";
import { batchesOf, createLoss, learningRateRange, shuffled, Trainer } from "../../src/training/index";

test("the range test finds rates between standing still and divergence", async () => {
  const random = new Random(1);
  const [count, width] = [256, 6];
  const x = Float32Array.from({ length: count * width }, () => random.normal());
  const labels = Uint8Array.from({ length: count }, (_, i) => (x[i * width]! + 0.5 * x[i * width + 1]! > 0 ? 1 : 0));
  const examples = {
    labels,
    inputs: (some: Uint32Array) =>
      tf.tensor2d(
        Float32Array.from(
          { length: some.length * width },
          (_, i) => x[some[Math.floor(i / width)]! * width + (i % width)]!,
        ),
        [some.length, width],
      ),
  };
  const { points, suggestion } = await learningRateRange(
    ({ learningRate, callbacks }) => {
      const model = tf.sequential({
        layers: [tf.layers.dense({ units: 1, inputShape: [width], kernelInitializer: "zeros" })],
      });
      const source = batchesOf(examples, { size: 32, sampler: shuffled(count, 0) });
      return new Trainer(model, source, source, {
        optimizer: new Sgd({ momentum: 0 }),
        loss: createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 }),
        learningRate,
        epochs: 1000,
        callbacks,
      });
    },
    { lowest: 1e-5, highest: 1e4, steps: 120 },
  );
  assert.ok(Math.abs(points[0]!.learningRate - 1e-5) < 1e-9);
  assert.ok(Math.abs(points[0]!.loss - Math.log(2)) < 1e-3, "an untrained model has a loss of log 2");
  assert.ok(points.every(({ learningRate }, i) => i === 0 || learningRate > points[i - 1]!.learningRate));
  assert.ok(suggestion > 1e-3 && suggestion < 100, `suggestion ${suggestion}`);
});
