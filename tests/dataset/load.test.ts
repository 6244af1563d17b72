import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadDataset } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { sharedData, withoutSharedData } from "../support/shared-data";
import { temporaryDirectory } from "../support/temporary-directory";

const MHIST_HEADER = "Image Name,Majority Vote Label,Number of Annotators who Selected SSA (Out of 7),Partition";

test("MHIST as distributed: classes, partitions and votes", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "annotations.csv": `${MHIST_HEADER}\nMHIST_aaa.png,SSA,6,train\nMHIST_aab.png,HP,0,train\nMHIST_aac.png,HP,3,test\n`,
    "images/MHIST_aaa.png": "",
    "images/MHIST_aab.png": "",
    "images/MHIST_aac.png": "",
  });
  const dataset = await loadDataset(folder);
  assert.equal(dataset.layout, "mhist");
  assert.deepEqual(dataset.classes, ["HP", "SSA"]);
  assert.deepEqual(
    dataset.tiles.map(({ name, label, partition, votes }) => [name, label, partition, votes?.positive, votes?.total]),
    [
      ["MHIST_aaa.png", 1, "train", 6, 7],
      ["MHIST_aab.png", 0, "train", 0, 7],
      ["MHIST_aac.png", 0, "test", 3, 7],
    ],
  );
  assert.equal(dataset.tiles[0]?.path, join(folder, "images", "MHIST_aaa.png"));
});

test("votes are counted for the positive class, whichever it is", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "annotations.csv": `${MHIST_HEADER}\na.png,SSA,6,train\nb.png,HP,1,train\n`,
  });
  const dataset = await loadDataset(folder, { positive: "hp", requireImages: false });
  assert.deepEqual(dataset.classes, ["SSA", "HP"]);
  assert.deepEqual(
    dataset.tiles.map((tile) => tile.votes?.positive),
    [1, 6],
  );
});

test("classes that differ in the sign of a marker keep their own votes, and a note says which is positive", async (context) => {
  const header = MHIST_HEADER.replace("SSA", "ER+");
  const folder = await writeFiles(await temporaryDirectory(context), {
    "annotations.csv": `${header}\na.png,ER+,6,train\nb.png,ER-,1,train\n`,
  });
  const votes = async (positive?: string) => {
    const { tiles } = await loadDataset(folder, { positive, requireImages: false });
    return tiles.map((tile) => tile.votes?.positive);
  };
  assert.deepEqual(
    [await votes("ER+"), await votes("ER-")],
    [
      [6, 1],
      [1, 6],
    ],
  );
  const { notes } = await loadDataset(folder, { requireImages: false });
  assert.match(notes?.join() ?? "", /"ER-" is the positive class, because it is alphabetically later/);
});

test("votes that are missing are none", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "annotations.csv": `${MHIST_HEADER}\na.png,SSA,NA,train\nb.png,HP,,train\nc.png,HP,2,train\n`,
  });
  const { tiles } = await loadDataset(folder, { requireImages: false });
  assert.deepEqual(
    tiles.map((tile) => tile.votes?.positive),
    [undefined, undefined, 2],
  );
});

test("0 and 0.0, 1, 1.0 and true are two classes", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": "image,label\na.png,0.0\nb.png,0\nc.png,1.0\nd.png,true\n",
  });
  const { classes, tiles } = await loadDataset(folder, { requireImages: false });
  assert.deepEqual(classes, ["0", "1"]);
  assert.deepEqual(
    tiles.map((tile) => tile.label),
    [0, 0, 1, 1],
  );
});

test("the label table alone, without images", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": "image,label\na.png,x\nb.png,y\n",
  });
  const { tiles } = await loadDataset(folder, { requireImages: false });
  assert.deepEqual(
    tiles.map((tile) => tile.partition),
    ["train", "train"],
  );
  await assert.rejects(loadDataset(folder), {
    code: "DATA_IMAGES_MISSING",
    exitStatus: 2,
    message: /2 of 2 .*"a.png", "b.png"/,
  });
});

for (const [what, text] of Object.entries({
  "a byte order mark and CRLF": "\uFEFFimage,label,split\r\na.png,benign,Train\r\nb.png,malignant,TEST\r\n",
  "old Mac line ends": "image,label,split\ra.png,benign,train\rb.png,malignant,test\r",
  semicolons: "Image;Label;Split\na.png;benign;train\nb.png;malignant;test\n",
  "a line for Excel that names the separator": "sep=;\nImage;Label;Split\na.png;benign;train\nb.png;malignant;test\n",
  "comments before the header":
    "# tiles of 2024, three hospitals\n\n#image,label,split\n# a, b\nimage,label,split\na.png,benign,train\nb.png,malignant,test\n",
  "a header that begins with #": "# tiles\n#image,label,split\na.png,benign,train\nb.png,malignant,test\n",
  tabs: "File Name\tDiagnosis\tSubset\na.png\tbenign\ttraining\nb.png\tmalignant\ttesting\n",
  "quotes, blanks and empty lines":
    '"image", "label" ,"split"\n\n"a.png", benign , train\n b.png,"malignant ",test\n\n',
  "labels in different case": "image,label,split\na.png,benign,train\nb.png,Malignant,test\nc.png,MALIGNANT,train\n",
  "names without the image's ending": "id,label,split\na,benign,train\nb,malignant,test\n",
})) {
  test(`a CSV with ${what}`, async (context) => {
    const images = { "images/a.png": "", "images/b.png": "", "images/c.png": "" };
    const dataset = await loadDataset(
      await writeFiles(await temporaryDirectory(context), { ...images, "labels.csv": text }),
    );
    assert.deepEqual(
      dataset.classes.map((name) => name.toLowerCase()),
      ["benign", "malignant"],
    );
    const [a, b] = dataset.tiles;
    assert.deepEqual([a?.name, a?.label, a?.partition], ["a.png", 0, "train"]);
    assert.deepEqual([b?.name, b?.label, b?.partition], ["b.png", 1, "test"]);
  });
}

test("a CSV saved by Excel as Unicode text (UTF-16)", async (context) => {
  const text = Buffer.from("\uFEFFimage\tlabel\nä.png\tx\nb.png\ty\n", "utf16le");
  const folder = await writeFiles(await temporaryDirectory(context), { "labels.csv": text, "ä.png": "", "b.png": "" });
  assert.deepEqual(
    (await loadDataset(folder)).tiles.map((tile) => tile.name),
    ["b.png", "ä.png"],
  );
});

test("quoted names with commas and names in subfolders", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "set.csv": 'path,class\n"images/case 1, left/a.PNG",x\nimages\\b.jpeg,y\n./images/c.tif,y\n',
    "images/case 1, left/a.PNG": "",
    "images/b.jpeg": "",
    "images/c.tif": "",
  });
  const { tiles } = await loadDataset(folder);
  assert.deepEqual(
    tiles.map((tile) => tile.name),
    ["images/b.jpeg", "images/c.tif", "images/case 1, left/a.PNG"],
  );
});

test("folders by class, with partitions above or without, at any depth and in any case", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "train/benign/SOB/40X/a.PNG": "",
    "train/malignant/b.jpg": "",
    "train/malignant/notes.txt": "",
    "train/malignant/.hidden.png": "",
    "Test/benign/c.tif": "",
    "Test/malignant/d.webp": "",
    "README.txt": "",
  });
  await mkdir(join(folder, "train", "benign", "folder.png"));
  await symlink(folder, join(folder, "train", "benign", "loop"));
  const { layout, classes, tiles } = await loadDataset(folder);
  assert.equal(layout, "folders");
  assert.deepEqual(classes, ["benign", "malignant"]);
  assert.deepEqual(
    tiles.map(({ name, label, partition }) => [name, label, partition]),
    [
      ["Test/benign/c.tif", 0, "test"],
      ["Test/malignant/d.webp", 1, "test"],
      ["train/benign/SOB/40X/a.PNG", 0, "train"],
      ["train/malignant/b.jpg", 1, "train"],
    ],
  );
});

test("images in folders that are not read are told of", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    ...{ "train/benign/a.png": "", "train/benign/b.bmp": "", "train/malignant/c.png": "", "train/malignant/d.GIF": "" },
    ...{ "test/benign/e.png": "", "test/malignant/f.png": "", "test/overview.png": "" },
    ...{ "holdout/benign/g.png": "", "holdout/malignant/h.bmp": "", "docs/readme.txt": "", "logo.jpg": "" },
  });
  const { tiles, notes } = await loadDataset(folder);
  assert.equal(tiles.length, 4);
  assert.deepEqual(notes, [
    "2 images of formats that are not read left out (1 .bmp, 1 .gif).",
    `1 image directly in ${folder} left out: no class folder.`,
    "1 image directly in test/ left out: no class folder.",
    "2 images in holdout/ left out: it is none of train, validation, test.",
  ]);
});

test("folders of classes beside tables about something else", async (context) => {
  const classes = { "benign/a.png": "", "malignant/b.png": "" };
  for (const tables of [
    { "patients.csv": "patient,age\n1,60\n" },
    { "patients.csv": "patient,age\n1,60\n", "scanners.csv": "scanner\nA\n" },
    { "patients.csv": "id,diagnosis\n1,benign\n2,malignant\n" },
  ]) {
    const folder = await writeFiles(await temporaryDirectory(context), { ...classes, ...tables });
    const { layout, notes } = await loadDataset(folder);
    assert.equal(layout, "folders");
    assert.match(notes?.join() ?? "", /folders of .* are used as classes: no table there describes the images/);
    const named = loadDataset(folder, { table: "patients.csv" });
    await assert.rejects(named, { code: /TABLE_COLUMN_MISSING|DATA_IMAGES_MISSING/ });
  }
  const masks = { "images/a.png": "", "masks/a.png": "", "table.csv": "foo,label\na.png,x\n" };
  const folder = await writeFiles(await temporaryDirectory(context), masks);
  await assert.rejects(loadDataset(folder), { code: "TABLE_COLUMN_MISSING" }, "images and masks are no classes");
});

test("a positive class whose name means an absence is noted, unless it was chosen", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), { "cancer/a.png": "", "normal/b.png": "" });
  const { classes, notes } = await loadDataset(folder);
  assert.deepEqual(classes, ["cancer", "normal"]);
  assert.match(notes?.join() ?? "", /"normal" is the positive class.*--positive "cancer" turns that round/);
  for (const positive of classes) assert.deepEqual((await loadDataset(folder, { positive })).notes, []);
  const usual = await writeFiles(await temporaryDirectory(context), { "benign/a.png": "", "malignant/b.png": "" });
  assert.deepEqual((await loadDataset(usual)).notes, []);
});

test("tables separated by bars", async (context) => {
  const table = "image|label\na.png|HP\nb.png|SSA, sure\n";
  const folder = await writeFiles(await temporaryDirectory(context), { "labels.csv": table });
  const { classes } = await loadDataset(folder, { requireImages: false });
  assert.deepEqual(classes, ["HP", "SSA, sure"]);
});

test("more than two classes: one against the rest", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "ADI/a.tif": "",
    "STR/b.tif": "",
    "TUM/c.tif": "",
  });
  await assert.rejects(loadDataset(folder), {
    code: "DATA_MANY_CLASSES",
    exitStatus: 2,
    message: /"ADI", "STR", "TUM".*--positive NAME/,
  });
  const { classes, tiles, notes } = await loadDataset(folder, { positive: "STR" });
  assert.deepEqual(classes, ["other", "STR"]);
  assert.deepEqual(
    tiles.map((tile) => tile.label),
    [0, 1, 0],
  );
  assert.match(notes?.[0] ?? "", /"STR" is distinguished from "ADI", "TUM"/);
});

test("classes with the same folders in each are noted: those may be the classes", async (context) => {
  const load = async (...names: string[]) => {
    const folder = await writeFiles(await temporaryDirectory(context), Object.fromEntries(names.map((n) => [n, ""])));
    return (await loadDataset(folder)).notes ?? [];
  };
  assert.match(
    (await load("NCT-100K/ADI/a.tif", "NCT-100K/TUM/b.tif", "CRC-7K/ADI/c.tif", "CRC-7K/TUM/d.tif")).join(),
    /^The classes are "CRC-7K", "NCT-100K", each with the folders "ADI", "TUM": .* rename those above/,
  );
  assert.deepEqual(await load("a/p1/1.png", "a/p2/2.png", "b/p1/3.png", "b/p3/4.png"), []);
  assert.deepEqual(await load("a/1.png", "a/2.png", "b/3.png", "b/4.png"), []);
});

test("of classes that are numbers, a note names the positive one if it is the smaller", async (context) => {
  const folder = await temporaryDirectory(context);
  const load = async (first: string, second: string, positive?: string) => {
    await writeFiles(folder, { "labels.csv": `image,label\na.png,${first}\nb.png,${second}\n` });
    const { classes, notes } = await loadDataset(folder, { requireImages: false, positive });
    return [classes[1], notes?.join()];
  };
  const note = '"9" is the positive class, because it is alphabetically later; --positive "10" turns that round.';
  assert.deepEqual(await load("9", "10"), ["9", note]);
  assert.deepEqual(await load("9", "10", "10"), ["10", ""]);
  assert.deepEqual(await load("2", "10", "2"), ["2", ""]);
  assert.deepEqual(await load("09", "10"), ["10", ""]);
  assert.deepEqual(await load("1e1", "x"), ["x", ""]);
});

test("a note says which class is positive where its name sounds as if something were absent", async (context) => {
  const folder = await temporaryDirectory(context);
  const load = async (first: string, second: string) => {
    await writeFiles(folder, { "labels.csv": `image,label\na.png,${first}\nb.png,${second}\n` });
    return (await loadDataset(folder, { requireImages: false })).notes?.join();
  };
  for (const [negative, positive] of [
    ["MSIMUT", "MSS"],
    ["mut", "wt"],
    ["colon_aca", "colon_n"],
    ["malignant", "nonmalignant"],
  ] as const)
    assert.match((await load(positive, negative)) ?? "", new RegExp(`^"${positive}" is the positive class, because`));
  assert.equal(await load("N", "T"), "");
  assert.match((await load("N-", "N+")) ?? "", /^"N-" is the positive class/);
});

test("real tables: PatchCamelyon tiles and colorectal tissue", { skip: withoutSharedData("crc-tiles") }, async () => {
  const tumor = await loadDataset(sharedData("pcam-mini") as string);
  assert.deepEqual(tumor.classes, ["normal", "tumor"]);
  assert.equal(tumor.tiles.filter((tile) => tile.partition === "test" && tile.label === 1).length, 74);
  const tissue = sharedData("crc-tiles") as string;
  await assert.rejects(loadDataset(tissue, { labelColumn: "tissue" }), {
    code: "DATA_MANY_CLASSES",
    message: /8 classes/,
  });
  const stroma = await loadDataset(tissue, { labelColumn: "tissue", positive: "stroma" });
  assert.deepEqual(stroma.classes, ["other", "STROMA"]);
});

test("labels +1 and -1, in any spelling, are two classes with 1 as the positive one", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": "image,label\na.png,-1\nb.png,+1\nc.png,1\nd.png,1e0\ne.png,-1.0\n",
  });
  const { classes, tiles, notes } = await loadDataset(folder, { requireImages: false });
  assert.deepEqual(classes, ["-1", "+1"]);
  assert.deepEqual(
    tiles.map(({ label }) => label),
    [0, 1, 1, 1, 0],
  );
  assert.match(notes?.join("\n") ?? "", /Labels read as one class: "\+1", "1", "1e0"/);
});
