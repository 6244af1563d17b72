import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { HistoError } from "../../src/errors/index";
import { exportRun } from "../../src/export/index";
import { projectRoot, writeJson } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import { Predictor } from "../../src/inference/index";
import { randomizeWeights, randomPixels, temporaryDirectory, writeRun } from "../support/trained-run";

const SIZE = 16;

async function exportedModel(t: TestContext, units = 8): Promise<string> {
  const directory = await temporaryDirectory(t);
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.flatten({ inputShape: [SIZE, SIZE, 3] }),
      layers.dense({ units, activation: "relu" }),
      layers.dense({ units: 1 }),
    ],
  });
  await writeRun(join(directory, "run"), randomizeWeights(model));
  await exportRun({ run: join(directory, "run"), out: join(directory, "model") });
  return join(directory, "model");
}

async function openModel(t: TestContext): Promise<Predictor> {
  const predictor = await Predictor.open(await exportedModel(t), { threads: 1 });
  t.after(() => predictor.close());
  return predictor;
}

const png = (seed: number, size = SIZE) => encodePng(randomPixels(1, size, seed), size, size);

test("a model directory of the first version is read", async (t) => {
  const first = join(projectRoot(), "tests", "fixtures", "first-model");
  const predictor = await Predictor.open(first, { threads: 1 });
  t.after(() => predictor.close());
  assert.ok((await predictor.verifyGolden())?.ok);
  const { predictedClass } = await predictor.predict(await readFile(join(first, "golden.png")));
  assert.equal(predictedClass, "HP");
});

test("a prediction has a probability, a class by the model's threshold, and its times", async (t) => {
  const predictor = await openModel(t);
  const { logit, probability, predictedClass, threshold, preprocessSeconds, inferenceSeconds } =
    await predictor.predict(await png(1));
  assert.ok(Math.abs(probability - 1 / (1 + Math.exp(-logit))) < 1e-12);
  assert.equal(threshold, 0.4);
  assert.equal(predictedClass, probability >= 0.4 ? "SSA" : "HP");
  assert.ok(preprocessSeconds > 0 && inferenceSeconds > 0);
});

test("in a batch an unreadable image gets an error and the others their answers", async (t) => {
  const predictor = await openModel(t);
  const images = [await png(1), Buffer.from("not an image"), await png(2, 40), (await png(3)).subarray(0, 200)];
  const [first, second, third, fourth] = await predictor.predictBatch(images);
  assert.ok(second instanceof HistoError && second.code === "IMAGE_UNSUPPORTED");
  assert.ok(fourth instanceof HistoError && fourth.code === "IMAGE_CORRUPT");
  assert.ok(!(first instanceof HistoError) && !(third instanceof HistoError));
  assert.ok(Math.abs(first!.logit - (await predictor.predict(images[0]!)).logit) < 1e-5);
  assert.deepEqual(await predictor.predictBatch([]), []);
  assert.ok((await predictor.predictBatch([Buffer.alloc(0)]))[0] instanceof HistoError);
});

test("more images than fit in one group keep their order", async (t) => {
  const predictor = await openModel(t);
  const images = await Promise.all(Array.from({ length: 70 }, (_, i) => png(i)));
  const answers = await predictor.predictBatch(images);
  for (const i of [0, 31, 32, 69]) {
    const answer = answers[i]!;
    assert.ok(!(answer instanceof HistoError));
    assert.ok(Math.abs(answer.logit - (await predictor.predict(images[i]!)).logit) < 1e-5);
  }
});

test("several callers at once get their own answers, and closing waits for them", async (t) => {
  const predictor = await openModel(t);
  const images = await Promise.all(Array.from({ length: 20 }, (_, i) => png(i)));
  const alone: number[] = [];
  for (const image of images) alone.push((await predictor.predict(image)).logit);
  const together = await Promise.all(images.map((image) => predictor.predict(image)));
  assert.deepEqual(
    together.map(({ logit }) => logit),
    alone,
  );

  const pixels = randomPixels(1, SIZE);
  const running = Array.from({ length: 10 }, () => predictor.predictPixels(pixels, 1));
  await predictor.close();
  assert.equal((await Promise.all(running)).length, 10);
  await assert.rejects(predictor.predictPixels(pixels, 1), { code: "MODEL_CLOSED" });
  await predictor.close();
});

test("a damaged, incomplete or missing model is refused with the name of the file", async (t) => {
  const model = await exportedModel(t);
  await assert.rejects(Predictor.open(join(model, "..")), { code: "MODEL_MISSING" });
  await appendFile(join(model, "model.onnx.data"), "x");
  await assert.rejects(Predictor.open(model), { code: "MODEL_CORRUPT", message: /model\.onnx\.data/ });
  await rm(join(model, "model.onnx.data"));
  await assert.rejects(Predictor.open(model), { code: "MODEL_CORRUPT", message: /model\.onnx\.data does not exist/ });
});

test("large weights, hashed while they are loaded, are refused when a byte of them differs or is missing", async (t) => {
  const model = await exportedModel(t, 600);
  const path = join(model, "model.onnx.data");
  const weights = await readFile(path);
  assert.ok(weights.length > 1 << 20);
  await (await Predictor.open(model, { threads: 1 })).close();
  weights[weights.length >> 1]! ^= 1;
  await writeFile(path, weights);
  await assert.rejects(Predictor.open(model), { code: "MODEL_CORRUPT", message: /model\.onnx\.data/ });
  await truncate(path, weights.length >> 1);
  await assert.rejects(Predictor.open(model), { code: "MODEL_CORRUPT", message: /model\.onnx\.data/ });
});

test("a card that makes no sense is refused with the key that is wrong", async (t) => {
  const model = await exportedModel(t);
  const path = join(model, "model.json");
  const card = JSON.parse(await readFile(path, "utf8"));
  const wrong: [object, RegExp][] = [
    [{ format: "other/2" }, /format/],
    [{ classes: ["only one"] }, /classes/],
    [{ threshold: 7 }, /threshold/],
    [{ graph: "../../etc/passwd" }, /graph must be a file name/],
    [{ files: { "../secret": "0" } }, /files/],
    [{ input: { name: "pixels", dtype: "float64", layout: "NHWC" } }, /input\.dtype/],
    [{ output: { name: "logit", kind: "votes" } }, /output\.kind/],
    [{ preprocessing: { ...card.preprocessing, std: [1, 0, 1] } }, /preprocessing\.std/],
    [{ preprocessing: undefined }, /preprocessing\.size/],
    [{ input: { ...card.input, name: "image" } }, /input\.name.*pixels/],
    [{ output: { ...card.output, name: "score" } }, /output\.name.*logit/],
  ];
  for (const [change, message] of wrong) {
    await writeJson(path, { ...card, ...change });
    await assert.rejects(Predictor.open(model), { code: "MODEL_CARD_INVALID", message });
  }
});

test("the golden example notices another network behind the same card", async (t) => {
  const model = await exportedModel(t);
  const path = join(model, "model.json");
  const card = JSON.parse(await readFile(path, "utf8"));
  await writeJson(path, { ...card, golden: { ...card.golden, logit: card.golden.logit + 0.01 } });
  const predictor = await Predictor.open(model);
  t.after(() => predictor.close());
  const result = await predictor.verifyGolden();
  assert.equal(result?.ok, false);
  assert.ok(Math.abs(result!.difference - 0.01) < 1e-4);
});

test("predicting loads no TensorFlow, no protobuf writer and nothing of the notebooks", async (t) => {
  const model = await exportedModel(t);
  await writeFile(join(model, "tile.png"), await png(1));
  const program = `
    const { Predictor } = require("./dist/src/inference/index.js");
    const { readFileSync } = require("node:fs");
    Predictor.open(process.argv[1]).then(async (predictor) => {
      await predictor.predict(readFileSync(process.argv[1] + "/tile.png"));
      await predictor.close();
      console.log(JSON.stringify(Object.keys(require.cache)));
    });`;
  const output = execFileSync(process.execPath, ["-e", program, model], { cwd: projectRoot(), encoding: "utf8" });
  const loaded = JSON.parse(output) as string[];
  assert.ok(loaded.some((file) => file.includes("onnxruntime-node")));
  for (const heavy of ["@tensorflow", "protobufjs", "danfojs", "plotly", "jsdom"]) {
    assert.ok(!loaded.some((file) => file.includes(`node_modules/${heavy}`)), `${heavy} is loaded`);
  }
});
