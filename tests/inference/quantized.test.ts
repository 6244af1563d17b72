/** Int8 graphs of other projects, which use all 8 bits of their weights. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Predictor } from "../../src/inference/index";
import { channelsFirst, FOREIGN_VALUES, writeForeignModel } from "../support/foreign-model";
import { expectedLogit, QUANTIZED_GRAPHS } from "../support/quantized-graphs";
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
