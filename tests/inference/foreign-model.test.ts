/** Classifiers that other projects exported, with a hand-written `model.json`. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { HistoError } from "../../src/errors/index";
import { explainImage } from "../../src/explanation/index";
import { readJson, writeJson } from "../../src/files/index";
import { encodePng } from "../../src/image/index";
import { Predictor } from "../../src/inference/index";
import { ExternalData } from "../../src/onnx/external-data";
import { GraphBuilder } from "../../src/onnx/graph";
import { writeForeignModel } from "../support/foreign-model";
import { randomPixels, temporaryDirectory } from "../support/trained-run";

const SIZE = 8;
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
/** Weight of each channel's mean in the positive class's logit. */
const WEIGHTS = [0.7, -1.1, 0.4];

/** A classifier as PyTorch users export them: float32, channels first; the logit is a weighted mean of the channels. */
async function foreignModel(
  t: TestContext,
  kind: "logit" | "probability" | "logits2" | "probabilities2",
  dtype: "float32" | "uint8" = "float32",
  declared: { image?: (string | number)[]; scores?: (string | number)[] } = {},
) {
  const directory = join(await temporaryDirectory(t), "theirs");
  await mkdir(directory);
  const graph = new GraphBuilder(new ExternalData(directory, "unused.data"));
  const floats = graph.node("Cast", ["image"], { to: 1 });
  const means = graph.node("ReduceMean", [floats, await graph.integers([2, 3])], { keepdims: 0 });
  const two = kind.endsWith("2");
  const weights = WEIGHTS.flatMap((w) => (two ? [-w / 2, w / 2] : [w]));
  const logit = graph.node("MatMul", [means, await graph.floats("w", [3, two ? 2 : 1], weights)]);
  const last = { probability: "Sigmoid", probabilities2: "Softmax" } as const;
  const end = kind in last ? graph.node("Identity", [graph.node(last[kind as keyof typeof last], [logit])]) : logit;
  graph.name(end, "scores");
  const input = { name: "image", type: dtype, shape: declared.image ?? ["batch", 3, SIZE, SIZE] } as const;
  const output = { name: "scores", type: "float32", shape: declared.scores ?? ["batch", two ? 2 : 1] } as const;
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

/** Puts other values under keys of a card such as `output`. */
async function changeCard(directory: string, change: Record<string, object>) {
  const path = join(directory, "model.json");
  const card = await readJson<Record<string, object>>(path);
  const changed = Object.entries(change).map(([key, value]) => [key, { ...card[key], ...value }]);
  await writeJson(path, { ...card, ...Object.fromEntries(changed) });
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

for (const kind of ["logit", "probability", "logits2", "probabilities2"] as const) {
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

for (const [given, claimed, expected] of [
  ["probabilities2", "logits2", /ends in Softmax, so that it gives probabilities: write probabilities2/],
  ["probability", "logit", /ends in Sigmoid, so that it gives probabilities: write probability/],
  ["logits2", "probabilities2", /which is none: is it logits2\?/],
  ["logit", "probability", /which is none: is it logit\?/],
] as const) {
  test(`a card that says ${claimed} of a graph that gives ${given} is refused`, async (t) => {
    const directory = await foreignModel(t, given, "uint8");
    await changeCard(directory, { output: { kind: claimed } });
    await assert.rejects(Predictor.open(directory), expected);
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

for (const [given, claimed] of [
  ["logits2", "logit"],
  ["logits2", "probability"],
  ["logit", "logits2"],
] as const) {
  for (const scores of [undefined, ["batch", "values"]]) {
    const knowledge = scores ? "shows in a run" : "is declared";
    test(`${given} called ${claimed} is refused before any answer, where the shape ${knowledge}`, async (t) => {
      const directory = await foreignModel(t, given, "float32", scores ? { scores } : {});
      await changeCard(directory, { output: { kind: claimed } });
      const message = new RegExp(
        `model\\.json: output\\.kind ${claimed}.*the graph gives ${given === "logits2" ? 2 : 1}`,
      );
      await assert.rejects(Predictor.open(directory), { code: "MODEL_CARD_INVALID", exitStatus: 2, message });
    });
  }
}

test("a card with another size, layout or type than the graph's is refused by the key that is wrong", async (t) => {
  const directory = await foreignModel(t, "logit");
  const wrong: [Record<string, object>, RegExp][] = [
    [
      { preprocessing: { size: 16 } },
      /preprocessing\.size 16 make .*\[n, 3, 16, 16\]; the graph takes \[batch, 3, 8, 8\]/,
    ],
    [{ input: { layout: "NHWC" } }, /input\.layout NHWC.*\[n, 8, 8, 3\]/],
    [{ input: { dtype: "uint8" } }, /input\.dtype is uint8; the graph takes float32/],
  ];
  const path = join(directory, "model.json");
  const card = await readJson(path);
  for (const [change, message] of wrong) {
    await changeCard(directory, change);
    await assert.rejects(Predictor.open(directory), { code: "MODEL_CARD_INVALID", exitStatus: 2, message });
    await writeJson(path, card);
  }
});

test("a graph that says nothing of its shapes is tried once: a right card opens, a wrong one is refused in one line", async (t) => {
  const open = ["batch", "channels", "height", "width"];
  const directory = await foreignModel(t, "logit", "float32", { image: open });
  await (await Predictor.open(directory)).close();
  await changeCard(directory, { input: { layout: "NHWC" } });
  await assert.rejects(Predictor.open(directory), (error: Error & { exitStatus: number }) => {
    assert.match(error.message, /model\.json: the graph cannot run on \[1, 8, 8, 3\]; check input\.layout/);
    assert.doesNotMatch(error.message, /\n/);
    return error.exitStatus === 2;
  });
});

for (const batch of [1, 2]) {
  test(`a graph for exactly ${batch} image${batch > 1 ? "s" : ""} answers for three`, async (t) => {
    const fixed = { image: [batch, 3, SIZE, SIZE], scores: [batch, 2] };
    const predictor = await Predictor.open(await foreignModel(t, "logits2", "float32", fixed));
    t.after(() => predictor.close());
    const pixels = randomPixels(3, SIZE);
    const logits = await predictor.predictPixels(pixels, 3);
    assert.equal(logits.length, 3);
    for (const [i, logit] of logits.entries()) {
      const expected = expectedLogit(pixels.subarray(i * SIZE * SIZE * 3, (i + 1) * SIZE * SIZE * 3), true);
      assert.ok(Math.abs(logit - expected) < 1e-5, `${logit} is not ${expected}`);
    }
  });
}

test("two probabilities that no softmax computes are told from logits by their values", async (t) => {
  const body = async (graph: GraphBuilder, image: string) => {
    const means = graph.node("ReduceMean", [image, await graph.integers([2, 3])], { keepdims: 0 });
    const weights = await graph.floats("w", [3, 2], [1, -2, 0.5, 1, -1, 2]);
    const powers = graph.node("Exp", [graph.node("MatMul", [means, weights])]);
    return graph.node("Div", [powers, graph.node("ReduceSum", [powers, await graph.integers([1])])]);
  };
  const options = { kind: "logits2", scores: ["n", 2] } as const;
  const directory = await writeForeignModel(join(await temporaryDirectory(t), "model"), body, options);
  await assert.rejects(Predictor.open(directory), /two probabilities for each image.*write probabilities2/);
});

test("a logit that is not finite is an error for its image alone, not an answer", async (t) => {
  // The root of the mean less a quarter: NaN for dark images.
  const directory = await writeForeignModel(join(await temporaryDirectory(t), "theirs"), async (graph, image) => {
    const mean = graph.node("ReduceMean", [image, await graph.integers([1, 2, 3])], { keepdims: 0 });
    const less = graph.node("Sub", [mean, await graph.scalar("quarter", 0.25)]);
    return graph.reshape(graph.node("Sqrt", [less]), [-1, 1]);
  });
  const predictor = await Predictor.open(directory);
  t.after(() => predictor.close());
  const [dark, bright] = await Promise.all([20, 200].map((level) => encodePng(new Uint8Array(192).fill(level), 8, 8)));
  const [first, second] = await predictor.predictBatch([dark as Buffer, bright as Buffer]);
  assert.ok(first instanceof HistoError && first.code === "INFERENCE_FAILED", JSON.stringify(first));
  assert.ok(!(second instanceof HistoError) && second?.predictedClass === "malignant");
  await assert.rejects(predictor.predict(dark as Buffer), { code: "INFERENCE_FAILED" });
  await assert.rejects(explainImage(predictor, dark as Buffer, 2), { code: "INFERENCE_FAILED" });
});
