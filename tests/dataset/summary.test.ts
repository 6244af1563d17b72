import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dataset, summarizeLabels, type Tile } from "../../src/dataset/index";

test("classes, partitions and votes are counted; labels against the majority are named", () => {
  const tile = (name: string, label: 0 | 1, partition: Tile["partition"], positive?: number): Tile => ({
    name,
    path: `/data/${name}`,
    label,
    partition,
    ...(positive !== undefined && { votes: { positive, total: 7 } }),
  });
  const tiles = [
    tile("a", 0, "train", 0),
    tile("b", 0, "train", 3),
    tile("c", 1, "test", 4),
    tile("d", 1, "train", 2),
    tile("e", 0, "test"),
  ];
  const dataset: Dataset = { directory: "/data", name: "data", layout: "mhist", classes: ["HP", "SSA"], tiles };
  assert.deepEqual(summarizeLabels(dataset), {
    classNames: ["HP", "SSA"],
    classes: { HP: { train: 2, test: 1 }, SSA: { train: 1, test: 1 } },
    partitions: { train: 3, test: 2 },
    votes: {
      tiles: 4,
      voters: 7,
      positive: [1, 0, 1, 1, 1, 0, 0, 0],
      byClass: { HP: [1, 0, 0, 1, 0, 0, 0, 0], SSA: [0, 0, 1, 0, 1, 0, 0, 0] },
      agreement: { "4/7": 2, "5/7": 1, "7/7": 1 },
      againstMajority: ["d"],
    },
  });
  assert.equal(summarizeLabels({ ...dataset, tiles: tiles.slice(4) }).votes, null);
});
