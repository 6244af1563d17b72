import "../support/float32";
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { writeEfficientNetLite } from "../../src/backbones/efficientnet-lite";
import { SafetensorsFile } from "../../src/files/index";
import { efficientNetLite } from "../../src/models/index";
import { Sgd, tf } from "../../src/tensorflow/index";
import { freezeLayers, layerRates } from "../../src/training/fine-tuning";
import { prepared, trainable } from "../support/fine-tuned";
import { assertSameFeatures } from "../support/lite-features";
import { writeMadeWeights } from "../support/made-lite";

const SMALL = {
  stem: 8,
  blocks: [
    { stage: 0, kernel: 3, stride: 1, expansion: 1, filters: 8 },
    { stage: 1, kernel: 5, stride: 2, expansion: 6, filters: 12 },
    { stage: 1, kernel: 5, stride: 1, expansion: 6, filters: 12 },
    { stage: 2, kernel: 3, stride: 2, expansion: 6, filters: 20 },
  ],
  features: 24,
};

test("the layers give the features that the ONNX graph gives", async (context) => {
  const directory = await prepared(context);
  const path = join(directory, "weights.safetensors");
  await writeMadeWeights(path, SMALL);
  const weights = await SafetensorsFile.open(path);
  context.after(() => weights.close());
  await writeEfficientNetLite(join(directory, "model.onnx"), weights, SMALL);
  for (const size of [32, 45]) await assertSameFeatures(SMALL, weights, join(directory, "model.onnx"), size);
});

test("lower layers are frozen, and learn the slower the deeper they lie", () => {
  const model = efficientNetLite(16, SMALL);
  const blocks = SMALL.blocks.length;
  const rates = [...layerRates(model, blocks, 0.5).values()];
  assert.deepEqual([rates[0], rates.at(-1)], [0.5 ** 6, 1]);
  freezeLayers(model, blocks, "blocks:3");
  const trained = new Set(
    model.trainableWeights.map(({ originalName }) => originalName.split("_").slice(0, 2).join("_")),
  );
  assert.deepEqual(
    [...trained],
    ["block_4", "top_conv/kernel", "top_norm/gamma", "top_norm/beta", "logit/kernel", "logit/bias"],
  );
  assert.throws(() => freezeLayers(model, blocks, "blocks:5"), { code: "OPTION_RANGE" });
  freezeLayers(model, blocks, "all");
  assert.equal(model.trainableWeights.length, 2);
});

test("an update moves each variable at its own rate", () => {
  const [slow, fast] = [tf.variable(tf.zeros([2])), tf.variable(tf.zeros([2]))];
  const gradients = new Map([slow, fast].map((variable) => [variable, tf.ones([2])]));
  new Sgd({ momentum: 0 }).apply(gradients, 1, new Map([[slow, 0.25]]));
  assert.deepEqual([...slow.dataSync(), ...fast.dataSync()], [-0.25, -0.25, -1, -1]);
});

test("weights that are missing or damaged, and options of other networks, are said in one line", async (context) => {
  const { weights, train } = await trainable(context);
  await assert.rejects(train("a", { model: "cnn", freeze: "all" }), {
    code: "OPTION_RANGE",
    message: /go with --model/,
  });
  await assert.rejects(train("b", { freeze: "half" }), { code: "OPTION_RANGE", message: /none, all or blocks:N/ });
  await assert.rejects(train("c", { freeze: "blocks:17" }), { message: /has 16 blocks/ });
  const description = join(dirname(weights), "backbone.json");
  const whole = await readFile(description);
  for (const damaged of ['{"torn', "null", "{}"]) {
    await writeFile(description, damaged);
    await assert.rejects(train("d"), { code: "BACKBONE_DAMAGED" }, damaged);
  }
  await writeFile(description, whole);
  await writeFile(weights, (await readFile(weights)).subarray(0, 1000));
  await assert.rejects(train("d"), { code: "BACKBONE_DAMAGED" });
  await rm(weights);
  await assert.rejects(train("e"), {
    code: "BACKBONE_NOT_FETCHED",
    message: /histo backbone fetch efficientnet-lite0$/,
  });
});
