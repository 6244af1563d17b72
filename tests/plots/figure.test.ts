import assert from "node:assert/strict";
import { test } from "node:test";
import type { Data } from "plotly.js";
import { measuredBins } from "../../src/evaluation/index";
import { cornersOf, figure } from "../../src/plots/figure";
import {
  architectureFigure,
  barFigure,
  calibrationFigure,
  classBalanceFigure,
  colourDistributionFigure,
  confusionFigure,
  differenceFigure,
  type Figure,
  importanceFigure,
  intervalFigure,
  latencyFigure,
  parallelCoordinates,
  rocFigure,
  scoreFigure,
  techniqueCostFigure,
  tileScatterFigure,
  voteDistributionFigure,
  votesFigure,
} from "../../src/plots/index";

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

test("marks in names from data are shown in every figure, and not obeyed", () => {
  const name = "<b>N</b>%{z}&lt;<extra>";
  const pair = [name, name] as const;
  const counts = new Uint32Array(768).fill(1);
  const summary = { train: 3, validation: 0, test: 0 };
  const curve = { falsePositiveRate: [0, 1], truePositiveRate: [0, 1], thresholds: [1, 0] };
  const bins = measuredBins(Uint8Array.of(0, 1), Float64Array.of(0.2, 0.8));
  const technique = { name, title: name, parameters: 3, latencyMs: 1, trainingSeconds: 1 };
  const rows = [{ name, value: 1 }];
  const figures: Record<string, Figure> = {
    confusion: confusionFigure({ tp: 1, fp: 2, tn: 3, fn: 4 }, pair),
    votes: votesFigure([{ votes: 1, total: 2, n: 3, meanProbability: 0.5, calledPositive: 0.5 }], name),
    calibration: calibrationFigure([{ name, bins }]),
    scores: scoreFigure([0, 1], [0.2, 0.8], pair),
    roc: rocFigure([{ name, curve: curve as never, auc: 0.5 }]),
    balance: classBalanceFigure({ classNames: [name], classes: { [name]: summary }, partitions: summary } as never),
    voters: voteDistributionFigure({ byClass: { [name]: [1, 2] }, voters: 1 } as never, name),
    colours: colourDistributionFigure([{ name, counts }]),
    tiles: tileScatterFigure({ x: [1], y: [1], labels: [0], names: [name] }, pair, { title: "t", x: "x", y: "y" }),
    bars: barFigure("bars", rows, "axis"),
    intervals: intervalFigure("intervals", rows, { title: "axis" }),
    differences: differenceFigure({}, pair),
    importance: importanceFigure(rows),
    techniques: techniqueCostFigure([{ ...technique, test: { rocAuc: 0.5 } }]),
    latency: latencyFigure({ [name]: [0.1] }, "latency"),
    trials: parallelCoordinates(
      [
        { [name]: name, auc: 1 },
        { [name]: "other", auc: 2 },
      ],
      { objective: "auc" },
    ),
    layers: architectureFigure([{ name, kind: name, output: name, size: 3, parameters: 4 }]),
  };
  for (const [which, { data, layout }] of Object.entries(figures)) {
    const text = JSON.stringify([data, { ...layout, template: undefined }]);
    assert.ok(text.includes("&lt;b>N&lt;/b>&#37;{z}&amp;lt;&lt;extra>"), `${which} has the name`);
    assert.doesNotMatch(text, /<b>N|N<\/b>|%\{z\}|lt;<extra>|[\uE000-\uF8FF]/, which);
  }
});
