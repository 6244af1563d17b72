import assert from "node:assert/strict";
import { test } from "node:test";
import { mlpOnFeatures } from "../../src/models/index";
import { Sgd } from "../../src/tensorflow/index";
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
