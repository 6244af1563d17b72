import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import type { PredictedSlide } from "../../src/slide/predicted-slide";
import { heatMap } from "../../src/slide/results/heat-map";

test("tiles of one probability are one area without seams, whatever their overlap", async () => {
  const [width, height, extent] = [1237, 811, 32.7];
  for (const overlap of [0, 0.3, 0.61]) {
    const step = extent * (1 - overlap);
    const [columns, rows] = [width, height].map((length) => 1 + Math.ceil((length - extent) / step)) as [
      number,
      number,
    ];
    const tiles = Array.from({ length: columns * rows }, (_, i) => {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const place = { column, row, x: Math.round(column * step), y: Math.round(row * step), tissue: 1 };
      return { ...place, logit: 0, probability: 0.5, positive: true };
    });
    const slide = {
      name: "slide",
      info: { levels: [{ width, height }] },
      mpp: 0.5,
      grid: { extent, step },
      thumbnail: { width: 310, height: 203, downsample: 4, pixels: new Uint8Array(310 * 203 * 3).fill(255) },
      model: { name: "model", classes: ["HP", "SSA"], threshold: 0.5 },
      tiles,
    } as unknown as PredictedSlide;
    const map = await heatMap(slide);
    // Inside the map, away from the edges, which the centres of tiles that overlap do not reach.
    const part = sharp(map)
      .extract({ left: 16 + 20, top: 34 + 20, width: 270, height: 160 })
      .removeAlpha();
    const { channels } = await sharp(await part.png().toBuffer()).stats();
    for (const { min, max } of channels) assert.equal(min, max, `overlap ${overlap}`);
    assert.ok((channels[0]?.max ?? 255) < 200);
  }
});
