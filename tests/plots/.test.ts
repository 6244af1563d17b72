import assert from "node:assert/strict";
import { test } from "node:test";
import { cornersOf } from "../../src/plots/";

test("a line keeps its ends and corners, whatever the size of its steps", () => {
  for (const step of [0.25, 1e-4, 1e-7]) {
    const x = [0, 0, 0, step, 2 * step, 2 * step];
    const y = [0, step, 2 * step, 2 * step, 2 * step, 3 * step];
    assert.deepEqual(cornersOf(x, y), [0, 2, 4, 5], `steps of ${step}`);
  }
});

test("a line with more corners than the limit is thinned out, but ends where it ends", () => {
  const x = Array.from({ length: 1001 }, (_, i) => Math.ceil(i / 2) / 500);
  const y = Array.from({ length: 1001 }, (_, i) => Math.floor(i / 2) / 500);
  const corners = cornersOf(x, y, 100);
  assert.ok(corners.length <= 101);
  assert.deepEqual([corners[0], corners.at(-1)], [0, 1000]);
});
