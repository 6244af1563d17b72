import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Dataset,
  datasetContentHash,
  loadDataset,
  type Partition,
  positionsIn,
  splitValidation,
} from "../../src/dataset/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

function datasetOf(counts: readonly (readonly [Partition, 0 | 1, number])[]): Dataset {
  const tiles = counts.flatMap(([partition, label, count]) =>
    Array.from({ length: count }, (_, i) => {
      const name = `${partition}-${label}-${i}.png`;
      return { name, path: `/data/${name}`, label, partition };
    }),
  );
  return { directory: "/data", name: "data", layout: "csv", classes: ["HP", "SSA"], tiles };
}

const MHIST = datasetOf([
  ["train", 0, 1545],
  ["train", 1, 630],
  ["test", 0, 617],
  ["test", 1, 360],
]);

test("validation is held out of train by class, in whole numbers, and nothing else moves", () => {
  const split = splitValidation(MHIST, { seed: 7 });
  const validation = positionsIn(split, "validation").map((position) => split.tiles[position]);
  assert.equal(validation.filter((tile) => tile?.label === 0).length, 309);
  assert.equal(validation.filter((tile) => tile?.label === 1).length, 126);
  assert.deepEqual(
    split.tiles.map((tile) => tile.name),
    MHIST.tiles.map((tile) => tile.name),
  );
  assert.deepEqual(positionsIn(split, "test"), positionsIn(MHIST, "test"));
  assert.deepEqual(split.notes, []);
});

test("the same seed gives the same split, another seed another one", () => {
  const validation = (seed: number) => positionsIn(splitValidation(MHIST, { seed }), "validation").join();
  assert.equal(validation(1), validation(1));
  assert.notEqual(validation(1), validation(2));
});

test("a set without a test partition gets one, and says so", () => {
  const split = splitValidation(
    datasetOf([
      ["train", 0, 20],
      ["train", 1, 10],
    ]),
    { seed: 1 },
  );
  assert.deepEqual(
    ["train", "validation", "test"].map((name) => positionsIn(split, name as Partition).length),
    [19, 5, 6],
  );
  assert.match(split.notes?.[0] ?? "", /no test partition: 6 of its 30 images were held out/);
});

test("a validation partition of the set's own stays as it is", () => {
  const own = datasetOf([
    ["train", 0, 5],
    ["train", 1, 5],
    ["validation", 0, 2],
    ["validation", 1, 2],
    ["test", 0, 2],
    ["test", 1, 2],
  ]);
  assert.deepEqual(splitValidation(own, { seed: 1 }).tiles, own.tiles);
});

test("too few tiles of a class, or a partition with one class, is said plainly", () => {
  assert.throws(
    () =>
      splitValidation(
        datasetOf([
          ["train", 0, 20],
          ["train", 1, 1],
        ]),
        { seed: 1 },
      ),
    {
      code: "DATA_TOO_SMALL",
      message: /1 training image of class "SSA"/,
    },
  );
  assert.throws(
    () =>
      splitValidation(
        datasetOf([
          ["train", 0, 9],
          ["train", 1, 9],
          ["test", 0, 3],
        ]),
        { seed: 1 },
      ),
    {
      code: "DATA_PARTITION_ONE_CLASS",
      message: /test partition .* no image of class "SSA"/,
    },
  );
});

test("a table's rows in another order give the same partitions, folds and hash", async (context) => {
  const folder = await writeCsvSet(await temporaryDirectory(context), 40);
  const drawn = async () => {
    const set = await loadDataset(folder, { partitionColumn: "none" });
    const inFold = splitValidation({ ...set, options: { folds: 3, fold: "2" } }, { seed: 3 });
    return [splitValidation(set, { seed: 3 }).tiles, inFold.tiles, await datasetContentHash(set)];
  };
  const before = await drawn();
  const table = join(folder, "labels.csv");
  const [header, ...rows] = (await readFile(table, "utf8")).trim().split("\n");
  await writeFile(table, `${[header, ...rows.reverse()].join("\n")}\n`);
  assert.deepEqual(await drawn(), before);
});
