/** The project's own networks, exported and answered by ONNX Runtime, against TensorFlow. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { TilePainter } from "../../src/dataset/synthetic/index";
import { exportRun } from "../../src/export/index";
import { Predictor } from "../../src/inference/index";
import { cnn, colourRegression, measureColours, vit } from "../../src/models/index";
import { setPrecision, tf } from "../../src/tensorflow/index";
import {
  layersModelLogits,
  preprocessingOf,
  randomizeWeights,
  randomPixels,
  temporaryDirectory,
  writeRun,
} from "../support/trained-run";

const networks = {
  cnn: () => cnn(130, { channels: [4, 6, 8] }),
  "cnn on small tiles": () => cnn(32, { dropout: 0.5 }),
  "colour regression": () => colourRegression(33, preprocessingOf(33)),
  vit: () => vit(32, { patch: 8, features: 16, blocks: 2, heads: 4, dropout: 0.1 }),
};

for (const [name, make] of Object.entries(networks)) {
  test(`${name}: the exported model gives TensorFlow's logits to 1e-4`, async (context) => {
    setPrecision("fp32");
    const directory = await temporaryDirectory(context);
    const model = randomizeWeights(make());
    const size = model.inputs[0]?.shape[1] as number;
    const run = await writeRun(join(directory, "run"), model, { model: name });
    await exportRun({ run: run.path, out: join(directory, "model") });
    const predictor = await Predictor.open(join(directory, "model"), { threads: 1 });
    context.after(() => predictor.close());
    const pixels = randomPixels(3, size);
    const logits = layersModelLogits(model, pixels, 3);
    for (const [i, logit] of (await predictor.predictPixels(pixels, 3)).entries()) {
      assert.ok(Math.abs(logit - (logits[i] as number)) < 1e-4, `${logit} for ${logits[i]}`);
    }
    assert.ok(Math.abs((logits[0] as number) - (logits[1] as number)) > 1e-3, "the images differ");
  });
}

test("colour features that hardly vary, and so are scaled up, are the same in both", async (context) => {
  const size = 224;
  const directory = await temporaryDirectory(context);
  const model = randomizeWeights(colourRegression(size, preprocessingOf(size)));
  const painter = new TilePainter(2, size);
  const tiles = [0, 1, 2].map((index) => painter.paint({ index, severity: index / 2 }));
  const usual = measureColours(tiles[1] as Uint8Array, size, size);
  const scale = new Float32Array(usual.length).fill(500);
  model.getLayer("colour").setWeights([tf.tensor1d(usual), tf.tensor1d(scale)]);
  const run = await writeRun(join(directory, "run"), model, { model: "colour" });
  await exportRun({ run: run.path, out: join(directory, "model") });
  const predictor = await Predictor.open(join(directory, "model"));
  context.after(() => predictor.close());
  const pixels = new Uint8Array(Buffer.concat(tiles));
  const logits = layersModelLogits(model, pixels, tiles.length);
  for (const [i, logit] of (await predictor.predictPixels(pixels, tiles.length)).entries()) {
    assert.ok(Math.abs(logit - (logits[i] as number)) < 5e-5, `${logit} for ${logits[i]}`);
  }
});
