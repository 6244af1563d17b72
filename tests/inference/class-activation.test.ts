/** Class activation of exported networks, against the logit that its places add up to. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { exportRun } from "../../src/export/index";
import { Predictor } from "../../src/inference/index";
import { cnn, vit } from "../../src/models/index";
import type { tf } from "../../src/tensorflow/index";
import { randomizeWeights, randomPixels, temporaryDirectory, writeRun } from "../support/trained-run";

async function predictorOf(context: TestContext, model: tf.LayersModel): Promise<Predictor> {
  const directory = await temporaryDirectory(context);
  const run = await writeRun(join(directory, "run"), randomizeWeights(model), { model: model.name });
  await exportRun({ run: run.path, out: join(directory, "model") });
  const predictor = await Predictor.open(join(directory, "model"), { threads: 1 });
  context.after(() => predictor.close());
  return predictor;
}

test("what the places of a convolutional network add makes up its logit", async (context) => {
  const predictor = await predictorOf(context, cnn(64, { channels: [4, 6, 8] }));
  const pixels = randomPixels(1, 64);
  const [logit = Number.NaN] = await predictor.predictPixels(pixels, 1);
  const activation = await predictor.classActivation(pixels);
  assert.ok(activation);
  assert.equal(activation.grid, 8);
  const sum = activation.contributions.reduce((total, share) => total + share, 0);
  assert.ok(Math.abs(sum - logit) < 1e-4, `${sum} for ${logit}`);
});

test("a change in one corner shows at that corner", async (context) => {
  const predictor = await predictorOf(context, cnn(64, { channels: [4, 6, 8] }));
  const pixels = randomPixels(1, 64);
  const changed = pixels.slice();
  for (let y = 0; y < 8; y++) changed.fill(255, y * 64 * 3, (y * 64 + 8) * 3);
  const [before, after] = [await predictor.classActivation(pixels), await predictor.classActivation(changed)];
  const moved = before?.contributions.map((share, i) => Math.abs(share - (after?.contributions[i] ?? 0))) ?? [];
  assert.equal(moved.indexOf(Math.max(...moved)), 0);
  assert.equal(moved[63], 0);
});

test("a network without a global average of features has no class activation", async (context) => {
  const model = vit(32, { patch: 8, features: 16, blocks: 1, heads: 2 });
  const predictor = await predictorOf(context, model);
  assert.equal(await predictor.classActivation(randomPixels(1, 32)), undefined);
});
