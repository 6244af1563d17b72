import assert from "node:assert/strict";
import { test } from "node:test";
import { mlpOnFeatures, namedWeights } from "../../src/models/index";
import { Sgd, tf } from "../../src/tensorflow/index";
import { batchesOf, createLoss, featureExamples, Trainer } from "../../src/training/index";

test("a batch may have more examples than a call may have arguments", async () => {
  const count = 300_000;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const examples = featureExamples([Float32Array.from(labels)], 1, labels, 0);
  const source = batchesOf(examples, { size: count });
  const trainer = new Trainer(mlpOnFeatures(1, { hidden: [] }), source, source, {
    optimizer: new Sgd(),
    loss: createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 }),
    learningRate: () => 0.01,
    epochs: 1,
  });
  assert.equal(await trainer.fit(), true);
  assert.deepEqual([trainer.history[0]?.train.n, trainer.history[0]?.validation.n], [count, count]);
});

test("accumulated batches give the step and the loss of one large batch, also where they weigh differently", async () => {
  const labels = Uint8Array.of(1, 1, 0, 1, 0);
  const features = Float32Array.of(0.3, -1, 2, 0.7, -0.2, 1.5, 4, -3, 0.1, 0.9);
  const weightsAfter = async (size: number, accumulate: number, clipNorm: number, positiveWeight: number) => {
    const model = mlpOnFeatures(2, { hidden: [3], seed: 1 });
    const source = batchesOf(featureExamples([features], 2, labels, 0), { size });
    const trainer = new Trainer(model, source, source, {
      optimizer: new Sgd({ momentum: 0 }),
      loss: createLoss({ loss: "bce", positiveWeight, labelSmoothing: 0, focalGamma: 2 }),
      learningRate: () => 0.5,
      epochs: 3,
      accumulate,
      clipNorm,
    });
    await trainer.fit();
    const values = namedWeights(model).flatMap(({ parts }) => parts.flatMap((part) => [...part.dataSync()]));
    model.dispose();
    return [...values, ...trainer.history.map(({ train }) => train.loss)];
  };
  for (const clipNorm of [0, 0.1]) {
    for (const positiveWeight of [1, 6]) {
      const whole = await weightsAfter(5, 1, clipNorm, positiveWeight);
      const parts = await weightsAfter(2, 3, clipNorm, positiveWeight);
      for (const [i, value] of parts.entries()) {
        assert.ok(Math.abs(value - (whole[i] as number)) < 1e-5, `weight or loss ${i}: ${value} for ${whole[i]}`);
      }
    }
  }
});

test("a network whose logits on validation are infinite has diverged", async () => {
  const labels = Uint8Array.of(1, 0);
  const source = (...features: number[]) =>
    batchesOf(featureExamples([Float32Array.from(features)], 1, labels, 0), { size: 2 });
  const model = mlpOnFeatures(1, { hidden: [] });
  model.setWeights([tf.tensor2d([[2]]), tf.tensor1d([0])]);
  const trainer = new Trainer(model, source(1, -1), source(3e38, -1), {
    optimizer: new Sgd(),
    loss: createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 }),
    learningRate: () => 1e-3,
    epochs: 1,
  });
  await assert.rejects(trainer.fit(), { code: "TRAINING_DIVERGED", message: /A logit is Infinity after step 1/ });
});

test("a checkpoint without weights, of an earlier version, counts its examples alike", () => {
  const source = batchesOf(featureExamples([Float32Array.of(1, 2)], 1, Uint8Array.of(1, 0), 0), { size: 2 });
  const model = mlpOnFeatures(1, { hidden: [] });
  const trainer = new Trainer(model, source, source, {
    optimizer: new Sgd(),
    loss: createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 }),
    learningRate: () => 1e-3,
    epochs: 1,
  });
  const before = { lossSum: 1.5, logits: [0.2, -1, 3], labels: [0, 0, 1] };
  trainer.restore(JSON.parse(JSON.stringify({ ...trainer.state(), seen: before })));
  assert.deepEqual(trainer.seen, { ...before, weight: 3 });
  model.dispose();
});
