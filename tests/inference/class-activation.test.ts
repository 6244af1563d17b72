/** Class activation of exported networks, against the logit that its places add up to. */
import assert from "node:assert/strict";
import { appendFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { exportRun } from "../../src/export/index";
import { Predictor } from "../../src/inference/index";
import { cnn, vit } from "../../src/models/index";
import type { tf } from "../../src/tensorflow/index";
import { FOREIGN_SIZE, writeForeignModel } from "../support/foreign-model";
import { randomizeWeights, randomPixels, temporaryDirectory, writeRun } from "../support/trained-run";

async function exported(context: TestContext, model: tf.LayersModel): Promise<string> {
  const directory = await temporaryDirectory(context);
  const run = await writeRun(join(directory, "run"), randomizeWeights(model), { model: model.name });
  const out = join(directory, "model");
  await exportRun({ run: run.path, out });
  return out;
}

async function opened(context: TestContext, path: string): Promise<Predictor> {
  const predictor = await Predictor.open(path, { threads: 1 });
  context.after(() => predictor.close());
  return predictor;
}

async function predictorOf(context: TestContext, model: tf.LayersModel): Promise<Predictor> {
  return opened(context, await exported(context, model));
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

test("a model that has taken the folder since does not explain the answers of the one before", async (context) => {
  const [path, other] = [
    await exported(context, cnn(64, { channels: [4, 6, 8] })),
    await exported(context, cnn(64, { channels: [4, 6, 10] })),
  ];
  const predictor = await opened(context, path);
  await rename(path, `${path}-before`);
  await rename(other, path);
  const pixels = randomPixels(1, 64);
  await assert.rejects(predictor.classActivation(pixels), { code: "MODEL_CORRUPT" });
  await rename(path, other);
  await rename(`${path}-before`, path);
  assert.equal((await predictor.classActivation(pixels))?.grid, 8, "and it is tried again");
});

test("a file with functions of its own has answers, but no class activation", async (context) => {
  const path = await writeForeignModel(join(await temporaryDirectory(context), "model"), async (graph, image) => {
    const kernel = await graph.floats("kernel", [1, 3], [0.5, -1, 2]);
    const bias = await graph.floats("bias", [1], [0.1]);
    const mean = graph.node("Flatten", [graph.node("GlobalAveragePool", [image])]);
    return graph.node("Gemm", [mean, kernel, bias], { transB: 1 });
  });
  const pixels = randomPixels(1, FOREIGN_SIZE);
  assert.ok(await (await opened(context, path)).classActivation(pixels));
  // `functions` of ModelProto: one named f, of the domain d, that is not used.
  const unused = Buffer.from([0xca, 0x01, 6, 0x0a, 1, 0x66, 0x52, 1, 0x64]);
  await appendFile(join(path, "classifier.onnx"), unused);
  const predictor = await opened(context, path);
  assert.equal((await predictor.predictPixels(pixels, 1)).length, 1);
  assert.equal(await predictor.classActivation(pixels), undefined);
});
