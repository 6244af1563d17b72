import assert from "node:assert/strict";
import { test } from "node:test";
import type { Data } from "plotly.js";
import { cornersOf, figure } from "../../src/plots/figure";

test("a line keeps its ends and corners, whatever the size of its steps", () => {
  for (const step of [0.25, 1e-4, 1e-7]) {
    const x = [0, 0, 0, step, 2 * step, 2 * step];
    const y = [0, step, 2 * step, 2 * step, 2 * step, 3 * step];
    assert.deepEqual(cornersOf(x, y), [0, 2, 4, 5], `steps of ${step}`);
  }
});

test("a line with too many corners is thinned out, but ends where it ends", () => {
  const x = Array.from({ length: 4001 }, (_, i) => Math.ceil(i / 2) / 2000);
  const y = Array.from({ length: 4001 }, (_, i) => Math.floor(i / 2) / 2000);
  const corners = cornersOf(x, y);
  assert.ok(corners.length < 1600);
  assert.deepEqual([corners[0], corners.at(-1)], [0, 4000]);
});

test("names that look like tags are shown, and the figures' own tags work", () => {
  const bars = {
    name: "<x> &lt; H&E",
    x: ["<x>", 2],
    text: "<b>1</b><br>of <i>",
    hovertemplate: "<x>: %{y}<extra></extra>",
  };
  const { data, layout } = figure("a < b", [bars as Data], { xaxis: { title: { text: "<x>" } } });
  assert.deepEqual(data, [
    {
      name: "&lt;x> &amp;lt; H&E",
      x: ["&lt;x>", 2],
      text: "<b>1</b><br>of &lt;i>",
      hovertemplate: "&lt;x>: %{y}<extra></extra>",
    },
  ]);
  assert.deepEqual([layout.title, layout.xaxis], [{ text: "a &lt; b" }, { title: { text: "&lt;x>" } }]);
});
