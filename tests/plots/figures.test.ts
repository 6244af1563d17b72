import assert from "node:assert/strict";
import { test } from "node:test";
import {
  binaryMetrics,
  labelsAndScores,
  measuredBins,
  pairedDifferences,
  precisionRecallCurve,
  probabilityByVotes,
  resultsByAgreement,
  rocBand,
  rocCurve,
  subgroupTable,
  thresholdSweep,
} from "../../src/evaluation/index";
import { figureToPng } from "../../src/notebook/index";
import {
  agreementFigure,
  architectureFigure,
  calibrationFigure,
  confusionFigure,
  differenceFigure,
  type Figure,
  importanceFigure,
  learningCurves,
  learningRateFigure,
  parallelCoordinates,
  precisionRecallFigure,
  rocFigure,
  scoreFigure,
  subgroupFigure,
  sweepFigure,
  votesFigure,
} from "../../src/plots/index";
import { predictedTiles } from "../support/predicted-tiles";

const tiles = predictedTiles();
const { labels, scores } = labelsAndScores(tiles);
const metrics = binaryMetrics(labels, scores, { threshold: 0.45 });
const history = Array.from({ length: 8 }, (_, i) => ({
  epoch: i + 1,
  learningRate: 1e-3 / (i + 1),
  train: { loss: 0.7 / (i + 1), rocAuc: 0.9 },
  validation: { loss: 0.5, rocAuc: i === 0 ? null : 0.7 + i / 100 },
}));

const figures: Record<string, Figure> = {
  roc: rocFigure([
    {
      name: "test",
      curve: rocCurve(labels, scores),
      auc: metrics.rocAuc,
      ci95: metrics.rocAucCi95 ?? [0, 1],
      band: rocBand(labels, scores),
      operating: metrics,
    },
  ]),
  precisionRecall: precisionRecallFigure(
    [{ name: "test", curve: precisionRecallCurve(labels, scores), prAuc: metrics.prAuc }],
    0.37,
  ),
  sweep: sweepFigure(thresholdSweep(labels, scores), 0.45),
  calibration: calibrationFigure([{ name: "as trained", bins: measuredBins(labels, scores, 10) }]),
  scores: scoreFigure(labels, scores, ["HP", "SSA"], 0.45),
  confusion: confusionFigure(metrics.confusion, ["HP", "SSA"]),
  agreement: agreementFigure(resultsByAgreement(tiles, 0.45)),
  votes: votesFigure(probabilityByVotes(tiles, 0.45).groups, "SSA"),
  learning: learningCurves(history, { bestEpoch: 8 }),
  learningRate: learningRateFigure(history),
  subgroups: subgroupFigure(subgroupTable(tiles, ({ filename }) => filename.slice(-5, -4), 0.45)),
  differences: differenceFigure(pairedDifferences(labels, { scores, threshold: 0.45 }, { scores, threshold: 0.6 }), [
    "low",
    "high",
  ]),
  importance: importanceFigure([
    { name: "depth", value: 0.1 },
    { name: "rate", value: 0.6 },
  ]),
  architecture: architectureFigure([
    { name: "input", kind: "input", output: "224 x 224 x 3", size: 150528, parameters: 0 },
    { name: "dense_1", kind: "Dense", output: "2352", size: 2352, parameters: 354_044_208 },
    { name: "dense_2", kind: "Dense", output: "1", size: 1, parameters: 2353 },
  ]),
  parallel: parallelCoordinates(
    [
      { rate: 1e-4, hidden: "64,16", rocAuc: 0.7 },
      { rate: 1e-3, hidden: "256", rocAuc: 0.8 },
      { rate: 1e-2, hidden: "64,16", rocAuc: 0.6 },
      { rate: 1e-2, hidden: "64,16" },
    ],
    { objective: "rocAuc", logarithmic: ["rate"] },
  ),
};

for (const [name, figure] of Object.entries(figures)) {
  test(`${name}: plain JSON with a title and a size, small, and drawn as a picture`, async () => {
    const { title, width = 0, height = 0 } = figure.layout;
    assert.ok(typeof title === "object" && (title.text ?? "").length > 5);
    const text = JSON.stringify(figure);
    assert.doesNotMatch(text, /NaN|undefined/);
    assert.ok(text.length < 40_000, `${text.length} bytes`);
    assert.deepEqual(JSON.parse(text).layout.template, figure.layout.template);
    const png = await figureToPng(figure, { width, height, scale: 1 });
    assert.equal(png.subarray(1, 4).toString(), "PNG");
    assert.ok(png.length > 1000, "not blank");
  });
}

/** Names of the traces that the legend shows. */
function names(figure: Figure): string[] {
  return figure.data.map((trace) => String((trace as { name?: unknown }).name ?? ""));
}

test("the ROC figure names the area with its interval and the chosen point", () => {
  assert.match(
    names(figures.roc as Figure).join("\n"),
    /test: AUC 0\.\d{3} \(0\.\d{3}–0\.\d{3}\)\nthreshold 0\.450: recall/,
  );
});

test("the area below the steps of the precision-recall figure is the average precision", () => {
  const [labels, scores] = [
    [1, 0, 1, 0, 1],
    [0.9, 0.8, 0.7, 0.6, 0.5],
  ];
  const { prAuc } = binaryMetrics(labels, scores);
  const [line] = precisionRecallFigure([{ name: "", curve: precisionRecallCurve(labels, scores), prAuc }], 0.6).data;
  const { x, y, line: style } = line as { x: number[]; y: number[]; line: { shape: string } };
  assert.equal(style.shape, "vh", "each step is as high as its right end");
  const area = x.slice(1).reduce((sum, right, i) => sum + (right - (x[i] as number)) * (y[i + 1] as number), 0);
  assert.equal(x[0], 0);
  assert.ok(Math.abs(area - prAuc) < 1e-4, `${area}, average precision ${prAuc}`);
});

test("a curve of 100,000 rows stays small", () => {
  const many = predictedTiles(100_000, 2);
  const large = labelsAndScores(many);
  const curve = rocCurve(large.labels, large.scores);
  assert.ok(JSON.stringify(rocFigure([{ name: "large", curve, auc: 0.8 }])).length < 120_000);
});

test("a set of one class is still drawn", async () => {
  const ones = new Array<number>(5).fill(1);
  const five = [0.1, 0.5, 0.5, 0.7, 1];
  const roc = rocFigure([
    { name: "one class", curve: rocCurve(ones, five), auc: Number.NaN, ci95: [Number.NaN, Number.NaN] },
  ]);
  assert.match(names(roc).join(), /AUC –/);
  assert.ok((await figureToPng(roc, { width: 300, height: 300, scale: 1 })).length > 1000);
  assert.doesNotMatch(JSON.stringify(calibrationFigure([{ name: "one", bins: measuredBins(ones, five) }])), /NaN/);
});

test("parallel coordinates draw trials that have a result, the best last and thickest", () => {
  const lines = (figures.parallel as Figure).data as { line: { width: number }; text: string[] }[];
  assert.equal(lines.length, 3);
  assert.deepEqual(lines.at(-1)?.text, ["rate: 0.001", "hidden: 256", "rocAuc: 0.8"]);
  assert.ok((lines.at(-1)?.line.width ?? 0) > (lines[0]?.line.width ?? 9));
});

test("a deep network is drawn with its ends and a gap", () => {
  const layers = Array.from({ length: 60 }, (_, i) => ({
    name: `layer_${i}`,
    kind: "Dense",
    output: "64",
    size: 64,
    parameters: 4160,
  }));
  const { height = 0, yaxis } = architectureFigure(layers).layout;
  const texts = yaxis?.ticktext ?? [];
  assert.equal(texts.length, 20);
  assert.equal(texts.filter((text) => text === "…").length, 1);
  assert.ok(height / texts.length > 34, "each row has room for two lines");
});

test("legends lie below the plot, and labels outside of cells take the colour of the page's theme", () => {
  for (const name of ["roc", "precisionRecall", "sweep", "scores", "learning"]) {
    const { legend, annotations = [] } = figures[name]?.layout ?? {};
    assert.ok(Number(legend?.y) < 0, `the legend of ${name} is at ${legend?.y}`);
    for (const { text, font } of annotations) assert.equal(font?.color, undefined, `${name}: ${text}`);
  }
});

test("a measure that does not exist, null in a run's history, is no 0 in the title", () => {
  const one = { epoch: 1, train: { loss: 1 }, validation: { loss: 1, rocAuc: null } };
  assert.deepEqual(learningCurves([one], { bestEpoch: 1 }).layout.title, {
    text: "Best epoch 1: ROC AUC –",
  });
});
