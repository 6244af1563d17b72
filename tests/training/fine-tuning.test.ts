import "../support/float32";
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeEfficientNetLite } from "../../src/backbones/efficientnet-lite";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { Interrupted } from "../../src/errors/index";
import { readJson, SafetensorsFile } from "../../src/files/index";
import { efficientNetLite } from "../../src/models/index";
import type { TrainingOptions } from "../../src/options/index";
import { type RunConfig, RunDirectory } from "../../src/runs/index";
import { Sgd, tf } from "../../src/tensorflow/index";
import { freezeLayers, layerRates } from "../../src/training/fine-tuning/depth";
import { type RunCallback, runTraining } from "../../src/training/index";
import { checkExport } from "../support/exported-run";
import { assertSameFeatures } from "../support/lite-features";
import { placeMadeLite0, writeMadeWeights } from "../support/made-lite";
import { temporaryDirectory } from "../support/temporary-directory";

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

async function prepared(context: TestContext) {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  return directory;
}

/** A data set of drawn tiles, made weights in the place of the pretrained ones, and a training of a few steps. */
async function trainable(context: TestContext) {
  const directory = await prepared(context);
  const weights = await placeMadeLite0();
  const data = join(directory, "data");
  await writeSyntheticDataset({ out: data, images: 40, size: 32, seed: 4 });
  const train = (run: string, options: Partial<TrainingOptions> = {}, more: object = {}) =>
    runTraining(
      { data, model: "efficientnet-lite0", size: 32, batch: 8, epochs: 2, lr: 1e-3, augment: "dihedral", ...options },
      { run: join(directory, run), ...more },
    );
  return { directory, data, weights, train };
}

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

test("a run of it is trained, exported and predicts as it did", async (context) => {
  const { directory, data, weights, train } = await trainable(context);
  await train("run", { freeze: "blocks:12", layerDecay: 0.8, freezeBatchNorm: true, views: 8 });
  const run = new RunDirectory(join(directory, "run"));
  const { preprocessing, pretrained } = await readJson<RunConfig>(run.config);
  assert.deepEqual(preprocessing.mean, [127 / 255, 127 / 255, 127 / 255]);
  assert.deepEqual(
    pretrained?.map(({ name, licence }) => [name, licence]),
    [["efficientnet-lite0", "Apache-2.0"]],
  );

  const [before, after] = [await SafetensorsFile.open(weights), await SafetensorsFile.open(run.bestWeights)];
  const same = async (was: string, is: string) =>
    Buffer.compare(Buffer.from((await before.read(was)).buffer), Buffer.from((await after.read(is)).buffer)) === 0;
  assert.ok(await same("_blocks.11._bn1.weight", "block_12_depthwise_norm/gamma"));
  assert.ok(!(await same("_blocks.12._bn1.weight", "block_13_depthwise_norm/gamma")));
  assert.ok(await same("_blocks.12._bn1.running_mean", "block_13_depthwise_norm/moving_mean"));
  await Promise.all([before.close(), after.close()]);

  await checkExport(context, run.path, data);
});

test("an interrupted run ends with the bytes of an uninterrupted one", async (context) => {
  const { directory, train } = await trainable(context);
  await train("whole", { layerDecay: 0.8 });
  const stop = new AbortController();
  const stopping: RunCallback = { onBatchEnd: ({ step }) => void (step === 4 && stop.abort()) };
  await assert.rejects(
    train("parts", { layerDecay: 0.8 }, { signal: stop.signal, callbacks: [stopping] }),
    Interrupted,
  );
  await train("parts", { layerDecay: 0.8 }, { resume: true });
  const [whole, parts] = ["whole", "parts"].map((name) => new RunDirectory(join(directory, name)).bestWeights);
  assert.equal(Buffer.compare(await readFile(whole as string), await readFile(parts as string)), 0);
});

test("weights that are missing or damaged, and options of other networks, are said in one line", async (context) => {
  const { weights, train } = await trainable(context);
  await assert.rejects(train("a", { model: "cnn", freeze: "all" }), {
    code: "OPTION_RANGE",
    message: /go with --model/,
  });
  await assert.rejects(train("b", { freeze: "half" }), { code: "OPTION_RANGE", message: /none, all or blocks:N/ });
  await assert.rejects(train("c", { freeze: "blocks:17" }), { message: /has 16 blocks/ });
  await writeFile(weights, (await readFile(weights)).subarray(0, 1000));
  await assert.rejects(train("d"), { code: "BACKBONE_DAMAGED" });
  await rm(weights);
  await assert.rejects(train("e"), {
    code: "BACKBONE_NOT_FETCHED",
    message: /histo backbone fetch efficientnet-lite0$/,
  });
});
