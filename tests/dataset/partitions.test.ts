import assert from "node:assert/strict";
import { test } from "node:test";
import { loadDataset } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("folders that are partitions by a longer name are no classes", async (context) => {
  for (const [train, held] of [
    ["training_set", "test_set"],
    ["Train Images", "Validation cohort"],
    ["CRC_DX_TRAIN", "CRC_DX_TEST"],
  ]) {
    const names = [train, held].flatMap((part) => [`${part}/MSS/${part}.png`, `${part}/MSI/${part}.png`]);
    const folder = await temporaryDirectory(context);
    await writeFiles(folder, Object.fromEntries(names.map((name) => [name, ""])));
    const { classes, tiles } = await loadDataset(folder);
    assert.deepEqual(classes, ["MSI", "MSS"], train);
    assert.equal(tiles.filter(({ partition }) => partition === "train").length, 2, train);
  }
  const words = { "latest/a.png": "", "train station/b.png": "" };
  const { classes } = await loadDataset(await writeFiles(await temporaryDirectory(context), words));
  assert.deepEqual(classes, ["latest", "train station"]);
});

test("a column of any name that contains nothing but partitions is used", async (context) => {
  const folder = await temporaryDirectory(context);
  const load = async (word: string, partitionColumn?: string) => {
    const table = `image,label,train_or_test\na.png,x,train\nb.png,y,train\nc.png,x,${word}\n`;
    await writeFiles(folder, { "labels.csv": table });
    const { tiles, notes } = await loadDataset(folder, { requireImages: false, partitionColumn });
    return [tiles[2]?.partition, notes];
  };
  assert.deepEqual(await load("test"), ["test", ['Partitions are taken from the column "train_or_test".']]);
  assert.deepEqual(await load("test", "none"), ["train", []]);
  assert.deepEqual(await load("lost"), ["train", []]);
});

test("columns that mark a partition by yes and no are named in a note, which says what to do", async (context) => {
  const folder = await temporaryDirectory(context);
  const load = async (header: string, value: string) => {
    const table = `image,label,${header}\na.png,x,1\nb.png,y,0\nc.png,x,${value}\n`;
    await writeFiles(folder, { "labels.csv": table });
    return (await loadDataset(folder, { requireImages: false })).notes?.join();
  };
  for (const [header, value] of [
    ["is_test", "1.0"],
    ["isTrain", ""],
    ["Validation Set", "no"],
  ] as const)
    assert.match(
      (await load(header, value)) ?? "",
      new RegExp(`^The column "${header}" .* is not read: .* "partition"`),
    );
  assert.equal(await load("is_test", "2"), "");
  assert.equal(await load("island", "1"), "");
});

test("partitions of a table may be cohorts", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": "image,label,partition\na.png,x,Training cohort\nb.png,y,Validation cohort\nc.png,x,Test set\n",
  });
  const { tiles } = await loadDataset(folder, { requireImages: false });
  assert.deepEqual(
    tiles.map(({ partition }) => partition),
    ["train", "validation", "test"],
  );
});

test("columns that are named for something else are no marks of partitions", async (context) => {
  const folder = await temporaryDirectory(context);
  await writeFiles(folder, { "labels.csv": "image,test,set\na.png,0,p1\nb.png,1,p1\nc.png,1,p2\n" });
  const options = { requireImages: false, labelColumn: "test", groupColumn: "set" };
  const { classes, notes } = await loadDataset(folder, options);
  assert.deepEqual(classes, ["0", "1"]);
  assert.deepEqual(notes, [
    'Images of the same "set" (2 in all) stay in one partition when partitions are drawn (--group-column none turns this off).',
  ]);
});

test("without a column, partitions are taken from the paths of a table's images", async (context) => {
  const folder = await temporaryDirectory(context);
  const load = async (held: string, partitionColumn?: string) => {
    const table = `path,label\ntrain/a.png,x\ntrain/b.png,y\ndeep/${held}/c.png,x\n`;
    await writeFiles(folder, { "labels.csv": table });
    const { tiles, notes } = await loadDataset(folder, { requireImages: false, partitionColumn });
    return [tiles.map(({ partition }) => partition).join(), notes?.join()];
  };
  const note = "Partitions are taken from the folders of the images (--partition-column none turns this off).";
  assert.deepEqual(await load("Test images"), ["test,train,train", note]);
  assert.deepEqual(await load("test", "none"), ["train,train,train", ""]);
  assert.deepEqual(await load("other"), ["train,train,train", ""]);
});
