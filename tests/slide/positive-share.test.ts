/** The interval of a slide's positive share counts squares of neighbouring tiles, and never claims certainty. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/random/index";
import { type PredictedSlide, summarize } from "../../src/slide/predicted-slide";

/** The summary of a slide of `columns` x 16 tiles. */
function summaryOf(columns: number, isPositive: (column: number, row: number) => boolean) {
  const tiles = Array.from({ length: columns * 16 }, (_, i) => {
    const [column, row] = [Math.floor(i / 16), i % 16];
    const positive = isPositive(column, row);
    const answer = { logit: positive ? 2 : -2, probability: positive ? 0.88 : 0.12, positive };
    return { column, row, x: 32 * column, y: 32 * row, tissue: 1, ...answer };
  });
  const slide = {
    name: "slide",
    info: { vendor: "none", levels: [{ width: 32 * columns, height: 512 }], remarks: [] },
    mpp: 0.5,
    settings: { size: 32, downsample: 1, overlap: 0, leastTissue: 0.1 },
    profile: null,
    grid: { extent: 32, step: 32, columns, rows: 16 },
    model: { name: "model", sha256: "", classes: ["HP", "SSA"], threshold: 0.5, trainedOnDrawnTiles: false },
    tiles,
    problems: [],
  } as unknown as PredictedSlide;
  const { positiveShare, positiveShareCi95 } = summarize(slide, 0, "work");
  return { share: positiveShare as number, interval: positiveShareCi95 as [number, number] };
}

test("a slide without a positive tile, and one without a negative one, is not so for certain", () => {
  const none = summaryOf(40, () => false);
  assert.equal(none.share, 0);
  assert.equal(none.interval[0], 0);
  // No more than for 40 independent tiles.
  assert.ok(none.interval[1] > 0.05 && none.interval[1] < 0.15, `${none.interval}`);
  const all = summaryOf(40, () => true);
  assert.ok(all.interval[0] < 0.95 && all.interval[1] === 1, `${all.interval}`);
});

test("tiles that are alike within squares give as wide an interval as one tile for each square", () => {
  const alike = summaryOf(40, (column, row) => (Math.floor(column / 4) + Math.floor(row / 4)) % 4 === 0);
  const [low, high] = alike.interval;
  assert.equal(alike.share, 0.25);
  assert.ok(low < 0.15 && high > 0.4, `${alike.interval}`);
  const random = new Random(1, "tiles");
  const mixed = summaryOf(40, () => random.chance(0.25));
  assert.ok(mixed.interval[1] - mixed.interval[0] < 0.5 * (high - low), `${mixed.interval}`);
});

test("the interval holds the share of the tissue that squares are drawn from", () => {
  const random = new Random(2, "slides");
  let covered = 0;
  for (let sample = 0; sample < 300; sample++) {
    const shares = Array.from({ length: 40 }, () => (random.chance(0.15) ? 0.6 : 0.02));
    const { interval } = summaryOf(40, (column, row) =>
      random.chance(shares[4 * Math.floor(column / 4) + Math.floor(row / 4)] as number),
    );
    const truth = 0.15 * 0.6 + 0.85 * 0.02;
    if (interval[0] <= truth && truth <= interval[1]) covered++;
  }
  assert.ok(covered >= 0.9 * 300, `${covered} of 300`);
});
