import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { exportRun, type Variant } from "../../src/export/index";
import { SafetensorsFile, writeJson, writeSafetensors } from "../../src/files/index";
import { Predictor } from "../../src/inference/index";
import {
  layersModelLogits,
  randomizeWeights,
  randomPixels,
  temporaryDirectory,
  writeRun,
} from "../support/trained-run";

const SIZE = 16;
const { layers } = tf;

/** A run whose first layer is a subspace projection: a dense layer under other names, which plain tfjs can compute. */
async function subspaceRun(t: TestContext) {
  const directory = await temporaryDirectory(t);
  const model = randomizeWeights(
    tf.sequential({
      layers: [
        layers.flatten({ inputShape: [SIZE, SIZE, 3] }),
        layers.dense({ units: 12, name: "projection" }),
        layers.dropout({ rate: 0.2 }),
        layers.dense({ units: 150, activation: "relu" }),
        layers.dense({ units: 1 }),
      ],
    }),
  );
  const files = await writeRun(join(directory, "run"), model);
  const topology = JSON.parse(await readFile(files.topology, "utf8"));
  topology.config.layers[1].class_name = "SubspaceProjection";
  await writeJson(files.topology, topology);
  const weights = await SafetensorsFile.open(files.bestWeights);
  const names: Record<string, string> = {
    "projection/kernel": "projection/basis",
    "projection/bias": "projection/offset",
  };
  const tensors = await Promise.all(
    weights.entries().map(async ({ name, shape }) => {
      const values = await weights.read(name);
      return { name: names[name] ?? name, shape, data: () => values };
    }),
  );
  await weights.close();
  await writeSafetensors(files.bestWeights, tensors);
  return { directory, model };
}

const cases: readonly [Variant, boolean, number][] = [
  ["fp32", false, 1e-4],
  ["fp32", true, 1e-4],
  ["int8", false, 0.05],
  ["int8", true, 0.05],
];

for (const [variant, foldProjection, tolerance] of cases) {
  test(`a subspace stem, ${foldProjection ? "folded into one layer" : "as two factors"}, ${variant}`, async (t) => {
    const { directory, model } = await subspaceRun(t);
    await exportRun({ run: join(directory, "run"), out: join(directory, "model"), variant, foldProjection });
    const predictor = await Predictor.open(join(directory, "model"));
    t.after(() => predictor.close());
    const pixels = randomPixels(6, SIZE);
    const expected = layersModelLogits(model, pixels, 6);
    for (const [i, logit] of (await predictor.predictPixels(pixels, 6)).entries()) {
      assert.ok(
        Math.abs(logit - expected[i]!) < tolerance * (1 + Math.abs(expected[i]!)),
        `${logit} is not ${expected[i]}`,
      );
    }
    const { size } = await stat(join(directory, "model", "model.onnx.data"));
    const firstLayer = SIZE * SIZE * 3 * (foldProjection ? 150 : 12);
    assert.ok(
      size > firstLayer * (variant === "fp32" ? 4 : 1),
      "the folded layer is as large as the one it stands for",
    );
  });
}
