/** Reading tiles of a slide for a model, with a reader and a model that record what they are asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Preprocessing } from "../../src/image/index";
import { predictRegions } from "../../src/slide/tile-predictor";
import type { Rectangle, SlideReader } from "../../src/slide/types";

/** Predicts the first red value of each tile; the reader's tiles have their numbers as values, and one is damaged. */
async function predict(preprocessing: Partial<Preprocessing>, side: number, count: number, damaged = -1) {
  const reads: number[] = [];
  const pixels = Buffer.alloc(side * side * 3);
  const reader: SlideReader = {
    info: { path: "", vendor: "", reader: "tiff", levels: [], remarks: [] },
    async readRegions(_, regions) {
      reads.push(regions.length);
      return regions.map(({ x, width, height }) => {
        if (x === damaged) return new Error("damaged");
        return { width, height, data: regions.length === 1 ? pixels.fill(x) : Buffer.alloc(pixels.length, x) };
      });
    },
    close: async () => undefined,
  };
  const regions = Array.from({ length: count }, (_, x): Rectangle => ({ x, y: 0, width: side, height: side }));
  const [size, none] = [8, [0, 0, 0] as const];
  const card = { preprocessing: { size, resize: "crop", mean: none, std: none, ...preprocessing } };
  const model = {
    card,
    predictPixels: async (tiles: Uint8Array, n: number) =>
      Float32Array.from({ length: n }, (_, i) => tiles[i * size * size * 3] as number),
  } as unknown as Parameters<typeof predictRegions>[3];
  const { logits } = await predictRegions(reader, 0, regions, model);
  return { logits: [...logits], reads };
}

test("tiles of another scale are resized even for a model whose training images were not", async () => {
  const { logits } = await predict({ resize: "exact" }, 16, 3);
  assert.deepEqual(logits, [0, 1, 2]);
});

test("large tiles are read a few at a time, small ones in one call, each into its place", async () => {
  const small = await predict({ tileEdge: 24 }, 24, 40, 33);
  assert.deepEqual(small.reads, [32, 8]);
  assert.deepEqual(small.logits, [...Array(33).keys(), Number.NaN, 34, 35, 36, 37, 38, 39]);
  const large = await predict({ tileEdge: 3000 }, 3000, 5, 1);
  assert.deepEqual(large.reads, [2, 2, 1]);
  assert.deepEqual(large.logits, [0, Number.NaN, 2, 3, 4]);
});
