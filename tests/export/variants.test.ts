import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import sharp from "sharp";
import { CARD_PAGE } from "../../src/card-page/index";
import { writePredictions } from "../../src/evaluation/index";
import { exportRun } from "../../src/export/index";
import { readJson, writeJson } from "../../src/files/index";
import { Predictor } from "../../src/inference/index";
import { Random } from "../../src/random/index";
import { RunDirectory } from "../../src/runs/index";
import { sharedDirectory } from "../support/temporary-directory";
import { writeTileFolder } from "../support/tile-folder";
import {
  layersModelLogits,
  randomizeWeights,
  randomPixels,
  temporaryDirectory,
  writeRun,
} from "../support/trained-run";

const SIZE = 32;
const { layers } = tf;

/** A run on a folder of drawn tiles, with the layers model's logits for the tiles that it held out. */
async function makeRun() {
  const directory = sharedDirectory();
  const tiles = await writeTileFolder(join(directory, "data"), 60, SIZE);
  const model = randomizeWeights(
    tf.sequential({
      layers: [
        layers.flatten({ inputShape: [SIZE, SIZE, 3] }),
        layers.dense({ units: 300, activation: "relu" }),
        layers.dense({ units: 80, activation: "relu" }),
        layers.dense({ units: 1 }),
      ],
    }),
  );
  const held = tiles.filter((_, i) => i % 3 === 0);
  const pixels = new Uint8Array(held.length * SIZE * SIZE * 3);
  for (const [i, tile] of held.entries()) pixels.set(tile.pixels, i * SIZE * SIZE * 3);
  const logits = layersModelLogits(model, pixels, held.length);
  const files = await writeRun(join(directory, "run"), model, { precision: "fp32" });
  const random = new Random(3);
  const median = logits.slice().sort()[logits.length >> 1]!;
  const predictions = held.map(({ name }, i) => {
    const label = logits[i]! + random.normal(0, 1) > median ? 1 : 0;
    return { filename: name, label, logit: logits[i]!, probability: 1 / (1 + Math.exp(-logits[i]!)) } as const;
  });
  await writePredictions(files.predictions("validation"), predictions);
  return { directory, pixels, count: held.length, logits, predictions };
}

const cardPageOf = (directory: string, model = "model") => readFile(join(directory, model, CARD_PAGE), "utf8");

let made: ReturnType<typeof makeRun> | undefined;

/** The test's own copy of {@link makeRun}'s files. */
async function runOnTiles(t: TestContext) {
  made ??= makeRun();
  const { directory: original, ...rest } = await made;
  const directory = await temporaryDirectory(t);
  await cp(original, directory, { recursive: true });
  const files = new RunDirectory(join(directory, "run"));
  const data = join(directory, "data");
  await writeJson(files.config, { ...(await readJson<object>(files.config)), data });
  return { directory, run: files.path, files, data, ...rest };
}

test("compact refuses validation tiles that are all alike, and leaves nothing behind", async (t) => {
  const { directory, run, files, predictions } = await runOnTiles(t);
  const same = predictions.map((prediction, i) => ({ ...prediction, logit: i % 2 ? 1 : 1.0000001, probability: 0.73 }));
  await writePredictions(files.predictions("validation"), same);
  const out = join(directory, "model");
  await assert.rejects(exportRun({ run, out, variant: "compact" }), { code: "EXPORT_TILES_ALIKE" });
  assert.equal(existsSync(out), false);
});

test("compact keeps the first layer whole where all training tiles are alike", async (t) => {
  const { directory, run, data, predictions } = await runOnTiles(t);
  const held = new Set(predictions.map(({ filename }) => filename));
  const tiles = (await readdir(data, { recursive: true })).filter((name) => name.endsWith(".png"));
  const white = { width: SIZE, height: SIZE, channels: 3, background: "white" } as const;
  for (const name of tiles.filter((tile) => !held.has(tile))) {
    await sharp({ create: white }).png().toFile(join(data, name));
  }
  const out = join(directory, "model");
  const { compression } = await exportRun({ run, out, variant: "compact", maxChangedAnswers: 1 });
  assert.equal(compression?.rank, null);
});

test("fp32 gives TensorFlow's logits on the validation tiles, decoded from their files", async (t) => {
  const { directory, run, count } = await runOnTiles(t);
  const { verification } = await exportRun({ run, out: join(directory, "model") });
  assert.equal(verification?.tiles, count);
  assert.ok(verification.maxDeviation < 1e-4);
  assert.equal(verification.rocAucDrop, 0);
});

test("an fp32 export that does not match the stored logits is refused and leaves nothing behind", async (t) => {
  const { directory, run, files, predictions } = await runOnTiles(t);
  await writePredictions(
    files.predictions("validation"),
    predictions.map((row, i) => (i === 7 ? { ...row, logit: row.logit + 0.01 } : row)),
  );
  await assert.rejects(exportRun({ run, out: join(directory, "model") }), { code: "EXPORT_DIFFERS" });
  assert.ok(!existsSync(join(directory, "model")));
});

test("convolutions must agree as exactly, whatever the precision of the training", async (t) => {
  const { directory, data, pixels, count, predictions } = await runOnTiles(t);
  const model = randomizeWeights(
    tf.sequential({
      layers: [
        layers.conv2d({ inputShape: [SIZE, SIZE, 3], filters: 4, kernelSize: 3 }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 1 }),
      ],
    }),
  );
  const logits = layersModelLogits(model, pixels, count);
  const files = await writeRun(join(directory, "cnn"), model, { data, stepWay: { precision: "bf16" } });
  const write = (added: number) =>
    writePredictions(
      files.predictions("validation"),
      predictions.map((row, i) => ({ ...row, logit: logits[i]! + (i === 7 ? added : 0) })),
    );
  await write(0.01);
  await assert.rejects(exportRun({ run: files.path, out: join(directory, "model") }), { code: "EXPORT_DIFFERS" });
  await write(0);
  const full = await exportRun({ run: files.path, out: join(directory, "model") });
  assert.doesNotMatch(await cardPageOf(directory), /changes nothing/);
  for (const variant of ["int8", "compact"] as const) {
    const result = await exportRun({ run: files.path, out: join(directory, "model"), variant });
    assert.equal(result.compression, null, "there is no layer on pixels to compress");
    assert.equal(result.roundedWeights, 0, "and no large dense layer");
    assert.equal(result.sha256, full.sha256, "so the graph is that of fp32");
    assert.match(
      await cardPageOf(directory),
      new RegExp(`Exported as ${variant}. But ${variant} changes nothing here`),
    );
  }
});

test("int8 is a quarter of the size, close to fp32, and one image's logit does not depend on the rest of the batch", async (t) => {
  const { directory, run, pixels, count } = await runOnTiles(t);
  const full = await exportRun({ run, out: join(directory, "fp32") });
  const small = await exportRun({ run, out: join(directory, "int8"), variant: "int8" });
  const dataSize = async (name: string) => (await stat(join(directory, name, "model.onnx.data"))).size;
  assert.ok((await dataSize("int8")) < 0.27 * (await dataSize("fp32")));
  assert.ok(small.bytes < full.bytes);
  assert.equal(full.roundedWeights, 0);
  assert.equal(small.roundedWeights, SIZE * SIZE * 3 * 300 + 300 * 80, "the last layer is small");
  assert.doesNotMatch(await cardPageOf(directory, "int8"), /changes nothing/);
  assert.ok(small.verification!.rmsDeviation < 0.06 * small.verification!.logitSpread);

  const predictor = await Predictor.open(join(directory, "int8"));
  t.after(() => predictor.close());
  const together = await predictor.predictPixels(pixels, count);
  const bytes = pixels.length / count;
  for (let i = 0; i < 5; i++) {
    const [alone] = await predictor.predictPixels(pixels.subarray(i * bytes, (i + 1) * bytes), 1);
    assert.ok(Math.abs(alone! - together[i]!) < 1e-5);
  }
});

test("compact splits the first layer where real tiles lie in few directions, and keeps validation AUC", async (t) => {
  const { directory, run } = await runOnTiles(t);
  const { compression, verification, bytes } = await exportRun({ run, out: join(directory, "m"), variant: "compact" });
  const int8 = await exportRun({ run, out: join(directory, "int8"), variant: "int8" });
  assert.ok(compression?.rank !== null && compression!.rank <= 64);
  assert.ok(bytes < int8.bytes / 2);
  assert.ok(verification!.rocAucDrop! <= 0.005);
  const predictor = await Predictor.open(join(directory, "m"));
  t.after(() => predictor.close());
  assert.equal(predictor.card.variant, "compact");
  assert.ok((await predictor.verifyGolden())?.ok);
});

test("compact keeps to the limit on changed answers", async (t) => {
  const { directory, run, files, pixels, count, logits } = await runOnTiles(t);
  const compact = (name: string, maxChangedAnswers: number) =>
    exportRun({ run, out: join(directory, name), variant: "compact", maxChangedAnswers });
  const free = await compact("free", 1);
  const predictor = await Predictor.open(free.out);
  t.after(() => predictor.close());
  // A threshold at the logit of a tile whose logit falls: this form changes that tile's answer.
  const exported = await predictor.predictPixels(pixels, count);
  const fallen = logits.findIndex((logit, i) => exported[i]! < logit - 1e-4);
  const config = JSON.parse(await readFile(files.config, "utf8"));
  const threshold = 1 / (1 + Math.exp(-(logits[fallen]! - 5e-5)));
  await writeFile(files.config, JSON.stringify({ ...config, threshold }));
  const again = await compact("again", 1);
  assert.deepEqual(again.compression, free.compression);
  assert.ok(again.verification!.changedAnswers >= 1);
  const strict = await compact("strict", 0).catch((error) => error);
  if (strict instanceof Error) assert.match(strict.message, /of 20 change \(at most 0\)/);
  else {
    assert.equal(strict.verification.changedAnswers, 0);
    assert.notDeepEqual(strict.compression, free.compression);
  }
});

test("without the tiles fp32 is exported unverified and compact says what is missing", async (t) => {
  const { directory, run, data } = await runOnTiles(t);
  const elsewhere = join(directory, "nowhere");
  await assert.rejects(exportRun({ run, out: join(directory, "m"), variant: "compact", data: elsewhere }), {
    code: "EXPORT_NO_TILES",
  });
  const { rename } = await import("node:fs/promises");
  await rename(data, join(directory, "moved"));
  assert.equal((await exportRun({ run, out: join(directory, "a") })).verification, null);
  const found = await exportRun({ run, out: join(directory, "b"), data: join(directory, "moved") });
  assert.ok(found.verification);
});

test("int8 splits the sum over images so large that 32 bits might not hold it", async (t) => {
  const directory = await temporaryDirectory(t);
  const size = 304;
  const model = tf.sequential({
    layers: [layers.flatten({ inputShape: [size, size, 3] }), layers.dense({ units: 2 }), layers.dense({ units: 1 })],
  });
  await writeRun(join(directory, "run"), randomizeWeights(model));
  await exportRun({ run: join(directory, "run"), out: join(directory, "model"), variant: "int8" });
  const predictor = await Predictor.open(join(directory, "model"));
  t.after(() => predictor.close());
  const white = new Uint8Array(size * size * 3).fill(255);
  for (const pixels of [white, randomPixels(1, size)]) {
    const [logit] = await predictor.predictPixels(pixels, 1);
    const expected = layersModelLogits(model, pixels, 1)[0]!;
    assert.ok(Math.abs(logit! - expected) < 0.05 * (1 + Math.abs(expected)), `${logit} is not ${expected}`);
  }
});
