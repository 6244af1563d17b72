import assert from "node:assert/strict";
import { test } from "node:test";
import { costFigure, latencyFigure, pageFigure } from "../../src/plots/index";

test("a figure for the page has no size, font or legend of its own, and its title", () => {
  const curve = { Lambda: (requests: number) => requests };
  const { title, caption, layout } = pageFigure(costFigure(curve, { lowest: 1, highest: 100 }, "Costs"), "Prices");
  assert.deepEqual([title, caption], ["Costs", "Prices"]);
  assert.deepEqual(Object.keys(layout).sort(), ["shapes", "xaxis", "yaxis"]);
});

test("a figure for the page has fewer points: a line keeps its ends, a box its extremes and quartiles", () => {
  const [line] = pageFigure(costFigure({ EC2: () => 7 }, { lowest: 1, highest: 1000 }, ""), "").data;
  const { x, y } = line as { x: number[]; y: number[] };
  assert.deepEqual([x.length, y.length, x[0]], [121, 121, 1]);
  assert.ok(Math.abs((x.at(-1) as number) - 1000) < 1e-9);
  const seconds = Array.from({ length: 1000 }, (_, i) => (1 + ((i * 7) % 1000)) / 1000);
  const [box, small] = pageFigure(latencyFigure({ many: seconds, few: [0.3, 0.1, 0.2] }, ""), "").data;
  const values = (box as { y: number[] }).y;
  assert.deepEqual([values.length, values[0], values.at(-1)], [121, 1, 1000]);
  for (const share of [0.25, 0.5, 0.75]) assert.ok(Math.abs((values[120 * share] as number) - 1000 * share) < 10);
  assert.deepEqual((small as { y: number[] }).y, [100, 200, 300]);
});
