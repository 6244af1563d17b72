import assert from "node:assert/strict";
import { test } from "node:test";
import { type Explanation, focusOf, type HeatMap } from "../../src/explanation/index";

const SIZE = 40;
const GRID = 10;

/** Empty slide, with pink tissue in the upper half. */
const halfTissue = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) =>
  i < (SIZE * SIZE * 3) / 2 ? [200, 100, 160][i % 3]! : 240,
);

function explained(contributions: readonly number[]): [Explanation, HeatMap] {
  const map: HeatMap = { method: "occlusion", grid: GRID, contributions };
  return [{ pixels: halfTissue, size: SIZE, logit: 1, maps: [map] }, map];
}

test("where ten parts of a hundred carry three quarters of the weight, that is told, and whether they are tissue", () => {
  const rowOf = (row: number) =>
    Array.from({ length: 100 }, (_, part) => (Math.floor(part / GRID) === row ? -0.75 : 0));
  const rest = (strong: readonly number[]) => strong.map((value) => value || 0.25 / 9);
  for (const [row, tissue] of [
    [1, 1],
    [8, 0],
  ] as const) {
    const focus = focusOf(...explained(rest(rowOf(row))));
    assert.equal(focus.tissue, tissue);
    assert.ok(Math.abs(focus.weight - 0.75) < 1e-9, String(focus.weight));
  }
});

test("a map without any weight has no strongest parts", () => {
  assert.deepEqual(focusOf(...explained(Array<number>(100).fill(0))), { weight: 0, tissue: 0 });
});
