import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Dataset, type DatasetOptions, foldNames, loadDataset, splitValidation } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** Twenty images in five folds, two of each class in each; `more` are columns of their own. */
async function load(
  context: TestContext,
  options: DatasetOptions = {},
  more: Readonly<Record<string, (i: number) => string | number>> = { fold: (i) => Math.floor(i / 4) },
): Promise<Dataset> {
  const rows = Array.from({ length: 20 }, (_, i) =>
    [`${i}.png`, i % 2 ? "SSA" : "HP", ...Object.values(more).map((field) => field(i))].join(),
  );
  const text = `${["image", "label", ...Object.keys(more)].join()}\n${rows.join("\n")}\n`;
  const folder = await writeFiles(await temporaryDirectory(context), { "labels.csv": text });
  return loadDataset(folder, { ...options, requireImages: false });
}

const numbers = (tiles: Dataset["tiles"]) => tiles.map(({ name }) => Number.parseInt(name, 10)).sort((a, b) => a - b);

const names = (dataset: Dataset, partition: string) =>
  numbers(dataset.tiles.filter((tile) => tile.partition === partition));

test("a column of folds is left alone, and a note says how to use it", async (context) => {
  const dataset = await load(context);
  assert.ok(dataset.tiles.every(({ partition }) => partition === "train"));
  assert.ok(dataset.tiles.every(({ name, fold }) => fold === `${Math.floor(Number.parseInt(name, 10) / 4)}`));
  assert.match(
    dataset.notes?.join() ?? "",
    /^The column "fold" \("0", "1", "2", "3", "4"\) is not used; --fold K validates on one/,
  );
});

test("--fold K validates on that fold; the test set is the same for all folds", async (context) => {
  const [second, third] = await Promise.all(
    ["1", "2.0"].map(async (fold) => splitValidation(await load(context, { fold }), { seed: 3 })),
  );
  assert.ok(second && third);
  const test = names(second, "test");
  assert.deepEqual(test, names(third, "test"));
  assert.equal(test.length, 4);
  const outside = (numbers: number[]) => numbers.filter((i) => !test.includes(i));
  assert.deepEqual(names(second, "validation"), outside([4, 5, 6, 7]));
  assert.deepEqual(names(third, "validation"), outside([8, 9, 10, 11]));
  assert.deepEqual(second.notes?.length, 1, "the test set that was held out; the folds are used");
});

test("a partition column beside it keeps its test images out of the folds", async (context) => {
  const columns = {
    split: (i: number) => (i >= 16 ? "test" : i % 5 ? "train" : "val"),
    fold: (i: number) => (i >= 16 ? "" : Math.floor(i / 4)),
  };
  const dataset = await load(context, { fold: "3" }, columns);
  const split = splitValidation(dataset, { seed: 0 });
  assert.deepEqual(names(split, "test"), [16, 17, 18, 19]);
  assert.deepEqual(names(split, "validation"), [12, 13, 14, 15]);
  assert.equal(names(split, "train").length, 12);
  assert.deepEqual(foldNames(dataset, { seed: 0 }), ["0", "1", "2", "3"]);
});

test("--folds N draws folds with an equal share of both classes, of every image outside test once", async (context) => {
  const options = { folds: 4 };
  const dataset = await load(context, options, { split: (i) => (i < 4 ? "test" : "train") });
  assert.deepEqual(foldNames(dataset, { seed: 0 }), ["1", "2", "3", "4"]);
  const folds = await Promise.all(
    ["1", "2", "3", "4"].map(async (fold) => {
      const split = splitValidation({ ...dataset, options: { ...options, fold } }, { seed: 0 });
      return split.tiles.filter(({ partition }) => partition === "validation");
    }),
  );
  assert.deepEqual(
    folds.map((tiles) => tiles.filter(({ label }) => label === 1).length),
    [2, 2, 2, 2],
  );
  assert.equal(new Set(folds.flat().map(({ name }) => name)).size, 16);
  const again = splitValidation({ ...dataset, options: { ...options, fold: "1" } }, { seed: 0 });
  const other = splitValidation({ ...dataset, options: { ...options, fold: "1" } }, { seed: 1 });
  assert.deepEqual(names(again, "validation"), numbers(folds[0] ?? []));
  assert.notDeepEqual(names(other, "validation"), names(again, "validation"));
});

test("found columns without partitions are left alone, in favour of one that has them", async (context) => {
  const columns = { set: (i: number) => (i % 3 ? "A" : "B"), fold: (i: number) => (i < 4 ? "test" : "train") };
  const dataset = await load(context, {}, columns);
  assert.deepEqual(names(dataset, "test"), [0, 1, 2, 3]);
  assert.deepEqual(dataset.notes, [`The column "set" ("A", "B") contains no partitions and is ignored.`]);
});

test("a slip in a column of partitions is an error; --partition-column none goes on without it", async (context) => {
  const columns = { split: (i: number) => (i === 7 ? "tset" : "train") };
  await assert.rejects(load(context, {}, columns), {
    code: "TABLE_PARTITION_UNKNOWN",
    message: /line 9: the split "tset" is none of .*--partition-column none/,
  });
  const dataset = await load(context, { partitionColumn: "none" }, columns);
  assert.equal(names(dataset, "train").length, 20);
});

for (const [what, options, columns, code, message] of [
  ["an unknown fold", { fold: "7" }, undefined, "DATA_FOLD_UNKNOWN", /one of 0, 1, 2, 3, 4\./],
  ["all folds at once", { fold: "all" }, undefined, "DATA_FOLD_UNKNOWN", /only histo train/],
  ["no fold among drawn ones", { folds: 3 }, {}, "DATA_FOLD_UNKNOWN", /one of 1, 2, 3/],
  ["no column of folds", { fold: "1" }, {}, "DATA_FOLD_MISSING", /--fold-column, or draw N folds with --folds N/],
  [
    "images without a fold",
    { fold: "0" },
    { fold: (i: number) => (i < 9 ? "" : Math.floor(i / 2) % 2) },
    "DATA_FOLD_MISSING",
    /no fold for \d images? outside test: "/,
  ],
  ["more folds than images", { folds: 11, fold: "1" }, {}, "DATA_TOO_SMALL", /class "HP" outside test; give fewer/],
  [
    "no folds for one patient",
    { folds: 2, fold: "1" },
    {
      partition: (i: number) => (i < 4 ? "test" : "train"),
      patient: (i: number) => (i < 4 || i % 2 ? `P${i}` : "one"),
    },
    "DATA_TOO_SMALL",
    /has 1 group with images of class "HP" outside test; folds need two of them/,
  ],
  [
    "a named column of folds as partitions",
    { partitionColumn: "fold" },
    undefined,
    "TABLE_PARTITION_UNKNOWN",
    /--fold-column/,
  ],
] as const) {
  test(`${what}: one clear error`, async (context) => {
    const read = async () => splitValidation(await load(context, options, columns), { seed: 2 });
    await assert.rejects(read, { code, message, exitStatus: 2 });
  });
}
