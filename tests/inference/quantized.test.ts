/** Int8 graphs of other projects, which use all 8 bits of their weights. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Predictor } from "../../src/inference/index";
import { channelsFirst, FOREIGN_VALUES, writeForeignModel } from "../support/foreign-model";
import { dynamicallyQuantized, expectedLogit, QUANTIZED_GRAPHS, signedQGemm } from "../support/quantized-graphs";
import { temporaryDirectory } from "../support/temporary-directory";

// On processors that clip, such as x86-64 without VNNI, logits are near zero; the slow group emulates one.
for (const [name, { body, tolerance }] of Object.entries(QUANTIZED_GRAPHS)) {
  test(`full-range int8 weights give the right logits: ${name}`, async (t) => {
    const predictor = await Predictor.open(await writeForeignModel(join(await temporaryDirectory(t), "model"), body));
    t.after(() => predictor.close());
    // Bright, so that pairs of products are as large as they get.
    const pixels = Uint8Array.from({ length: 3 * FOREIGN_VALUES }, (_, i) => 240 + ((i * 7) % 16));
    const logits = await predictor.predictPixels(pixels, 3);
    for (const [i, logit] of logits.entries()) {
      const image = channelsFirst(pixels).subarray(i * FOREIGN_VALUES, (i + 1) * FOREIGN_VALUES);
      const expected = expectedLogit(image);
      assert.ok(Math.abs(logit - expected) <= tolerance, `${logit} is not ${expected}`);
    }
  });
}

test("signed QGemm gives the right logit, or is refused with what to do where it would clip", async (t) => {
  const directory = await writeForeignModel(join(await temporaryDirectory(t), "model"), signedQGemm);
  const opened = await Predictor.open(directory).catch((error: Error & { code?: string }) => {
    assert.equal(error.code, "MODEL_UNREADABLE");
    assert.match(error.message, /QGemm cannot be computed exactly on this processor; quantize it in the format QDQ/);
  });
  if (!opened) return;
  t.after(() => opened.close());
  const faint = Uint8Array.from({ length: FOREIGN_VALUES }, (_, i) => 2 + (i % 5));
  const [logit = 0] = await opened.predictPixels(faint, 1);
  assert.ok(Math.abs(logit - expectedLogit(channelsFirst(faint))) < 0.2, `${logit}`);
});

for (const [name, options] of [
  ["an open batch", {}],
  ["a batch of two", { input: { shape: [2, 3, 8, 8] }, scores: [2, 1] }],
] as const) {
  test(`a dynamically quantized graph with ${name} answers for each image alone, whatever is beside it`, async (t) => {
    const directory = await writeForeignModel(
      join(await temporaryDirectory(t), "model"),
      dynamicallyQuantized,
      options,
    );
    const predictor = await Predictor.open(directory);
    t.after(() => predictor.close());
    assert.equal(predictor.batching, "single");
    const faint = Uint8Array.from({ length: FOREIGN_VALUES }, (_, i) => 10 + ((i * 7) % 16));
    const [alone] = await predictor.predictPixels(faint, 1);
    const strong = new Uint8Array(FOREIGN_VALUES).fill(255);
    const together = await predictor.predictPixels(Buffer.concat([strong, faint, strong]), 3);
    assert.equal(together[1], alone);
    assert.ok(Math.abs(alone! - expectedLogit(channelsFirst(faint))) < 0.02);
  });
}

test("a graph whose images change each other by other means is found out by trying; others run together", async (t) => {
  const folder = await temporaryDirectory(t);
  const brightest = await writeForeignModel(join(folder, "a"), async (graph, image) => {
    const relative = graph.node("Div", [image, graph.node("ReduceMax", [image], { keepdims: 0 })]);
    const flat = graph.node("Flatten", [relative]);
    return graph.node("ReduceMean", [flat, await graph.integers([1])], { keepdims: 1 });
  });
  const plain = await writeForeignModel(join(folder, "b"), QUANTIZED_GRAPHS.MatMulInteger!.body);
  for (const [directory, batching] of [
    [brightest, "single"],
    [plain, "together"],
  ] as const) {
    const predictor = await Predictor.open(directory);
    assert.equal(predictor.batching, batching);
    await predictor.close();
  }
});
