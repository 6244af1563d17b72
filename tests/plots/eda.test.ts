import assert from "node:assert/strict";
import { test } from "node:test";
import type { LabelSummary, VoteSummary } from "../../src/dataset/index";
import { figureToPng } from "../../src/notebook/figure-png";
import {
  barFigure,
  classBalanceFigure,
  colourDistributionFigure,
  tileScatterFigure,
  voteDistributionFigure,
} from "../../src/plots/index";

const votes: VoteSummary = {
  tiles: 10,
  voters: 7,
  positive: [4, 0, 0, 2, 1, 0, 0, 3],
  byClass: { HP: [4, 0, 0, 2, 0, 0, 0, 0], SSA: [0, 0, 0, 0, 1, 0, 0, 3] },
  agreement: { "4/7": 3, "7/7": 7 },
  againstMajority: [],
};
const summary: LabelSummary = {
  classNames: ["HP", "SSA"],
  classes: { HP: { train: 71, test: 6 }, SSA: { train: 29, test: 4 } },
  partitions: { train: 100, test: 10 },
  votes,
};

test("class balance: a bar for each class in each partition that is there, with its share", () => {
  const { data } = classBalanceFigure(summary);
  assert.deepEqual(
    data.map((trace) => ({
      name: (trace as { name: string }).name,
      x: (trace as { x: string[] }).x,
      y: (trace as { y: number[] }).y,
      text: (trace as { text: string[] }).text,
    })),
    [
      { name: "HP", x: ["train", "test"], y: [71, 6], text: ["71 %", "60 %"] },
      { name: "SSA", x: ["train", "test"], y: [29, 4], text: ["29 %", "40 %"] },
    ],
  );
});

test("classes that are numbers have the colours of their meaning", () => {
  const counts = { "3": { train: 1, test: 1 }, "2": { train: 2, test: 2 } };
  const colours = ({ data }: { readonly data: readonly object[] }) =>
    data.map((trace) => {
      const { name, marker } = trace as { name: string; marker: { color: string } };
      return [name.replace("labelled ", ""), marker.color];
    });
  const [negative, positive] = colours(classBalanceFigure(summary)).map(([, colour]) => colour);
  const balance = classBalanceFigure({ ...summary, classNames: ["3", "2"], classes: counts });
  const distribution = voteDistributionFigure({ ...votes, byClass: { "3": [1, 0], "2": [0, 1] } }, "2");
  for (const figure of [balance, distribution]) assert.deepEqual(colours(figure), [["3", negative], ["2", positive]]); // biome-ignore format: pairs
});

test("votes: every possible number of votes has its place, none is left out", () => {
  const { data } = voteDistributionFigure(votes, "SSA");
  assert.deepEqual((data[0] as { x: string[] }).x, ["0", "1", "2", "3", "4", "5", "6", "7"]);
  assert.deepEqual((data[1] as { y: number[] }).y, votes.byClass.SSA);
});

test("colour distributions: shares of each channel add up to one", () => {
  const counts = Float64Array.from({ length: 768 }, (_, i) => (i * 31) % 17);
  const { data } = colourDistributionFigure([{ name: "HP", counts }]);
  assert.equal(data.length, 3);
  for (const trace of data) {
    const sum = (trace as { y: number[] }).y.reduce((total, share) => total + share, 0);
    assert.ok(Math.abs(sum - 1) < 1e-3);
  }
});

test("every figure can be drawn as a picture", async () => {
  const points = { x: [1, 2, 3], y: [3, 1, 2], labels: [0, 1, 0], names: ["a", "b", "c"] };
  const titles = { title: "tiles", x: "x", y: "y" };
  for (const figure of [
    classBalanceFigure(summary),
    voteDistributionFigure(votes, "SSA"),
    colourDistributionFigure([{ name: "HP", counts: new Float64Array(768).fill(1) }]),
    tileScatterFigure(points, ["HP", "SSA"], titles),
    barFigure("bars", [{ name: "a", value: 1 }], "value"),
  ]) {
    const png = await figureToPng(figure, { width: 500, height: 300 });
    assert.equal(png.subarray(1, 4).toString("latin1"), "PNG");
  }
});
