import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { Tail } from "../../src/compression/tail";
import { MatrixMultiplier } from "../../src/conversion/matrix";
import { readTrainedRun } from "../../src/conversion/run-tiles";
import { Random } from "../../src/random/index";
import { randomizeWeights, temporaryDirectory, writeRun } from "../support/trained-run";

const { layers } = tf;

test("gradients of the logit equal automatic differentiation through the layers behind the first", async (t) => {
  const directory = await temporaryDirectory(t);
  const head = [layers.flatten({ inputShape: [4, 4, 3] }), layers.dense({ units: 9 }), layers.batchNormalization()];
  const behind = [
    layers.activation({ activation: "selu" }),
    layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 7, activation: "tanh" }),
    layers.batchNormalization(),
    layers.dense({ units: 5, activation: "relu" }),
    layers.dense({ units: 1 }),
  ];
  await writeRun(join(directory, "run"), randomizeWeights(tf.sequential({ layers: [...head, ...behind] })));
  const tail = await Tail.read(await readTrainedRun(join(directory, "run")));
  assert.ok(tail);
  const random = new Random(2);
  const outputs = Float32Array.from({ length: 6 * 9 }, () => random.normal());
  const multiplier = await MatrixMultiplier.open();
  t.after(() => multiplier.close());
  const gradients = await tail.gradients(outputs, 9, multiplier);
  const logit = (x: tf.Tensor) => behind.reduce((value, layer) => layer.apply(value) as tf.Tensor, x).sum();
  const expected = tf
    .grad(logit)(tf.tensor2d(outputs, [6, 9]))
    .dataSync();
  for (const [i, value] of gradients.entries())
    assert.ok(Math.abs(value - expected[i]!) < 2e-3 * (1 + Math.abs(value)));
});

test("networks with other layers have no plain tail", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = tf.sequential({
    layers: [
      layers.flatten({ inputShape: [4, 4, 3] }),
      layers.dense({ units: 6 }),
      layers.layerNormalization(),
      layers.dense({ units: 1 }),
    ],
  });
  await writeRun(join(directory, "run"), model);
  assert.equal(await Tail.read(await readTrainedRun(join(directory, "run"))), undefined);
});
