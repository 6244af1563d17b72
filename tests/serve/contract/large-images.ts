/** @module Images that are larger than a model's input. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePng } from "../../../src/image/index";
import { tile } from "../../support/served-model";
import { cut, fill, picture } from "../../support/slide-files";
import { type ContractClient, form } from "./client";

export function largeImageCases({ post, predicted, refused }: ContractClient): void {
  const send = (path: string, png: Uint8Array) => post(path, png as BodyInit, "image/png");

  test("a large image is answered tile by tile where that is asked for: by the mean over the tiles with tissue", async () => {
    const [width, height, size] = [96, 80, 32];
    const large = picture(width, height);
    fill(large, [0, 0, size, size], [255, 255, 255]);
    const png = await encodePng(large.data, width, height);
    const shrunk = await predicted(await send("/predict", png));
    assert.deepEqual([shrunk.warnings, shrunk.tiles], [["shrunk"], undefined]);
    const alone: { x: number; y: number; probability: number }[] = [];
    for (let y = 0; y < height; y += size) {
      for (let x = 0; x < width; x += size) {
        if (x + y === 0) continue;
        const one = await encodePng(cut(large, x, y, size, size), size, size);
        alone.push({ x, y, probability: (await predicted(await send("/predict", one))).probability });
      }
    }
    const mean = alone.reduce((sum, { probability }) => sum + probability, 0) / alone.length;
    for (const response of [
      await send("/predict?tile=1", png),
      await post("/predict?tile=true", form(["large.png", png])),
    ]) {
      const { probability, predicted_class, threshold, warnings, tiles } = await predicted(response);
      assert.ok(Math.abs(probability - mean) < 1e-5, `${probability} against ${mean}`);
      assert.equal(predicted_class, probability >= threshold ? "SSA" : "HP");
      assert.deepEqual(warnings, []);
      const positive = alone.filter((one) => one.probability >= threshold).length;
      assert.deepEqual([tiles?.total, tiles?.predicted, tiles?.positive], [9, 8, positive]);
      const strongest = alone.sort((a, b) => b.probability - a.probability);
      assert.deepEqual(
        tiles?.strongest.map(({ x, y }) => [x, y]),
        strongest.map(({ x, y }) => [x, y]),
      );
    }
    const small = await post("/predict/batch?tile=1", form(["large.png", png], ["small.png", await tile(1)]));
    const { results } = (await small.json()) as { results: { tiles?: object }[] };
    assert.deepEqual(
      results.map(({ tiles }) => tiles !== undefined),
      [true, false],
    );
    await refused(await send("/predict?tile=perhaps", png), 400, "FIELD_INVALID");
  });
}
