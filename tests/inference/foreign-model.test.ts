/** Classifiers that other projects exported, with a hand-written `model.json`. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeJson } from "../../src/files/index";
import { Predictor } from "../../src/inference/index";
import { ExternalData } from "../../src/onnx/external-data";
import { GraphBuilder } from "../../src/onnx/graph";
import { randomPixels, temporaryDirectory } from "../support/trained-run";

const SIZE = 8;
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
/** Weight of each channel's mean in the positive class's logit. */
const WEIGHTS = [0.7, -1.1, 0.4];

/** A classifier as PyTorch users export them: float32, channels first; the logit is a weighted mean of the channels. */
async function foreignModel(
  t: TestContext,
  kind: "logit" | "probability" | "logits2",
  dtype: "float32" | "uint8" = "float32",
) {
  const directory = join(await temporaryDirectory(t), "theirs");
  await mkdir(directory);
  const graph = new GraphBuilder(new ExternalData(directory, "unused.data"));
  const floats = graph.node("Cast", ["image"], { attributes: { to: { int: 1 } } });
  const means = graph.node("ReduceMean", [floats, await graph.integers([2, 3])], {
    attributes: { keepdims: { int: 0 } },
  });
  const two = kind === "logits2";
  const weights = WEIGHTS.flatMap((w) => (two ? [-w / 2, w / 2] : [w]));
  const logit = graph.node("MatMul", [means, await graph.floats("w", [3, two ? 2 : 1], weights)]);
  graph.name(kind === "probability" ? graph.node("Sigmoid", [logit]) : logit, "scores");
  const input = { name: "image", type: dtype, shape: ["batch", 3, SIZE, SIZE] } as const;
  const output = { name: "scores", type: "float32", shape: ["batch", two ? 2 : 1] } as const;
  await writeFile(join(directory, "classifier.onnx"), await graph.encode([input], [output]));
  await writeJson(join(directory, "model.json"), {
    format: "histo-model/1",
    name: "theirs",
    classes: ["benign", "malignant"],
    threshold: 0.5,
    graph: "classifier.onnx",
    input: { name: "image", dtype, layout: "NCHW" },
    output: { name: "scores", kind },
    preprocessing: { size: SIZE, resize: "stretch", mean: MEAN, std: STD },
  });
  return directory;
}

/** The same in plain arithmetic. */
function expectedLogit(pixels: Uint8Array, standardized: boolean): number {
  let logit = 0;
  for (const [i, value] of pixels.entries()) {
    const c = i % 3;
    logit += (WEIGHTS[c]! * (standardized ? (value / 255 - MEAN[c]!) / STD[c]! : value)) / (SIZE * SIZE);
  }
  return logit;
}

for (const kind of ["logit", "probability", "logits2"] as const) {
  test(`float32, channels first, output ${kind}`, async (t) => {
    const predictor = await Predictor.open(await foreignModel(t, kind));
    t.after(() => predictor.close());
    const pixels = randomPixels(2, SIZE);
    const logits = await predictor.predictPixels(pixels, 2);
    assert.equal(logits.length, 2);
    for (const [i, logit] of logits.entries()) {
      const expected = expectedLogit(pixels.subarray(i * SIZE * SIZE * 3, (i + 1) * SIZE * SIZE * 3), true);
      assert.ok(Math.abs(logit - expected) < 1e-5, `${logit} is not ${expected}`);
    }
    assert.equal(await predictor.verifyGolden(), null);
    assert.match(predictor.sha256, /^[0-9a-f]{64}$/);
  });
}

test("uint8, channels first", async (t) => {
  const predictor = await Predictor.open(await foreignModel(t, "logit", "uint8"));
  t.after(() => predictor.close());
  const pixels = randomPixels(1, SIZE);
  const [logit] = await predictor.predictPixels(pixels, 1);
  assert.ok(Math.abs(logit! - expectedLogit(pixels, false)) < 1e-3);
});

test("a file that is no ONNX graph is refused", async (t) => {
  const directory = await foreignModel(t, "logit");
  await writeFile(join(directory, "classifier.onnx"), "not a graph");
  await assert.rejects(Predictor.open(directory), { code: "MODEL_UNREADABLE", message: /classifier\.onnx/ });
});
