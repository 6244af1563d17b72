/** The interval of a slide's positive share counts squares of neighbouring tiles, and never claims certainty. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/random/index";
import { type PredictedSlide, summarize } from "../../src/slide/predicted-slide";

/** The summary of a slide of `columns` x `rows` tiles. */
function summaryOf(columns: number, isPositive: (column: number, row: number) => boolean, rows = 16) {
  const tiles = Array.from({ length: columns * rows }, (_, i) => {
    const [column, row] = [Math.floor(i / rows), i % rows];
    const positive = isPositive(column, row);
    const answer = { logit: positive ? 2 : -2, probability: positive ? 0.88 : 0.12, positive };
    return { column, row, x: 32 * column, y: 32 * row, tissue: 1, ...answer };
  });
  const slide = {
    name: "slide",
    info: { vendor: "none", levels: [{ width: 32 * columns, height: 32 * rows }], remarks: [] },
    mpp: 0.5,
    settings: { size: 32, downsample: 1, overlap: 0, leastTissue: 0.1 },
    profile: null,
    grid: { extent: 32, step: 32, columns, rows },
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

/** Tissue of `side` x `side` tiles, a fifth of it in patches of about `patch` tiles along a side: 1 for each tile in one. */
function patches(random: Random, side: number, patch: number): Uint8Array {
  const all = side + patch;
  const noise = Float64Array.from({ length: all * all }, () => random.normal());
  // Sums of squares of noise, along rows and then along columns: neighbouring squares share most of it.
  const summed = (values: Float64Array, step: number) =>
    values.map((_, i) => Array.from({ length: patch }, (_, k) => values[i + k * step] ?? 0).reduce((a, b) => a + b));
  const sums = summed(summed(noise, 1), all);
  // A fifth of a normal distribution lies above.
  const isPositive = (sum: number) => sum / patch > 0.8416;
  return Uint8Array.from({ length: side * side }, (_, i) =>
    Number(isPositive(sums[Math.floor(i / side) * all + (i % side)] as number)),
  );
}

for (const [patch, seed, least] of [
  [8, new Random(3, "patches"), 0.85],
  // As large as a quarter of the slide along a side.
  [16, new Random(4, "p"), 0.9],
] as const) {
  test(`the interval holds the share of the tissue also where patches are ${patch} tiles large`, () => {
    let covered = 0;
    for (let sample = 0; sample < 60; sample++) {
      const positive = patches(seed, 64, patch);
      const { interval } = summaryOf(64, (column, row) => positive[row * 64 + column] === 1, 64);
      if (interval[0] <= 0.2 && 0.2 <= interval[1]) covered++;
    }
    assert.ok(covered >= least * 60, `${covered} of 60`);
  });
}
