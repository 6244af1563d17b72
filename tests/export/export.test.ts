import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { Interrupted } from "../../src/errors/index";
import { exportRun } from "../../src/export/index";
import { Predictor } from "../../src/inference/index";
import { silentProgress } from "../../src/progress/index";
import { runTraining } from "../../src/training/index";
import { writeCsvSet } from "../support/data-sets";
import {
  layersModelLogits,
  randomizeWeights,
  randomPixels,
  temporaryDirectory,
  writeRun,
} from "../support/trained-run";

const { layers } = tf;

function mlp(size: number): tf.LayersModel {
  return randomizeWeights(
    tf.sequential({
      layers: [
        layers.flatten({ inputShape: [size, size, 3] }),
        layers.dense({ units: 40, activation: "relu" }),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 12 }),
        layers.batchNormalization(),
        layers.activation({ activation: "relu" }),
        layers.dense({ units: 1 }),
      ],
    }),
  );
}

test("an exported MLP takes raw pixels and gives the layers model's logits", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = mlp(16);
  await writeRun(join(directory, "run"), model);
  const out = join(directory, "model");
  const result = await exportRun({ run: join(directory, "run"), out });
  assert.equal(result.parameters, model.countParams());
  assert.deepEqual((await readdir(out)).sort(), [
    "MODEL_CARD.md",
    "golden.png",
    "model.json",
    "model.onnx",
    "model.onnx.data",
  ]);

  const predictor = await Predictor.open(out, { threads: 1 });
  t.after(() => predictor.close());
  assert.equal(predictor.sha256, result.sha256);
  const pixels = randomPixels(5, 16);
  const expected = layersModelLogits(model, pixels, 5);
  const logits = await predictor.predictPixels(pixels, 5);
  assert.equal(logits.length, 5);
  for (const [i, logit] of logits.entries()) assert.ok(Math.abs(logit - (expected[i] as number)) < 1e-4);
  assert.ok((await predictor.verifyGolden())?.ok);
});

test("nothing is left behind when an export fails, and other files are never replaced", async (t) => {
  const directory = await temporaryDirectory(t);
  const run = join(directory, "run");
  const model = tf.sequential({ layers: [layers.gru({ units: 1, inputShape: [4, 3] })] });
  await writeRun(run, model, { preprocessing: { size: 4, resize: "crop", mean: [0, 0, 0], std: [1, 1, 1] } });
  await assert.rejects(exportRun({ run, out: join(directory, "model") }), { code: "LAYER_UNSUPPORTED" });
  assert.deepEqual(await readdir(directory), ["run"]);

  await writeFile(join(directory, "precious.txt"), "keep");
  await assert.rejects(exportRun({ run, out: directory }), { code: "OUT_OCCUPIED" });
  await assert.rejects(exportRun({ run: directory, out: join(directory, "model") }), { code: "RUN_MISSING" });
});

test("an export tells how many tiles it has compared with TensorFlow, and Ctrl-C stops it there", async (t) => {
  const directory = await temporaryDirectory(t);
  process.env.HISTO_CACHE = join(directory, "cache");
  const data = await writeCsvSet(join(directory, "set"), 40);
  const run = join(directory, "run");
  await runTraining({ data, size: 8, hidden: [2], epochs: 1 }, { run });
  const controller = new AbortController();
  const notes: string[] = [];
  const megabytes: number[] = [];
  const progress = {
    ...silentProgress,
    start: () => ({
      update(done: number, note?: string) {
        megabytes.push(done);
        if (note === undefined) return;
        notes.push(note);
        controller.abort(new Interrupted());
      },
      finish: () => undefined,
    }),
  };
  const out = join(directory, "model");
  await assert.rejects(exportRun({ run, out, progress, signal: controller.signal }), Interrupted);
  assert.ok((megabytes.at(-1) ?? 0) > 0 && (megabytes.at(-1) ?? 1) < 0.1, `${megabytes}`);
  assert.match(notes[0] ?? "", /^(\d+) of \1 tiles compared with TensorFlow$/);
  assert.ok(!existsSync(out));
});
