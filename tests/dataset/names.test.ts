import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type DatasetOptions, loadDataset } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** Loads a table of two images, the first written so, from these files. */
async function load(context: TestContext, written: string, files: readonly string[], options: DatasetOptions = {}) {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": `image,label\n"${written}",x\nb.png,y\n`,
    "images/b.png": "",
    ...Object.fromEntries(files.map((name) => [name, ""])),
  });
  return { folder, dataset: await loadDataset(folder, options) };
}

for (const [written, file] of [
  ["A.PNG", "a.png"],
  ["a.tif", "a.png"],
  ["Größe", "Größe.jpeg".normalize("NFD")],
  ["C:\\slides\\images\\a.png", "a.png"],
  ["/home/me/tiles/a.png", "a.png"],
  ["../elsewhere/a.png", "a.png"],
  ["https://host/set/a.png", "a.png"],
  ["a.png", "deeper/a.png"],
] as const) {
  test(`the table's ${written} is the file images/${file}`, async (context) => {
    const { folder, dataset } = await load(context, written, [`images/${file}`]);
    const tile = dataset.tiles.find(({ label }) => label === 0);
    assert.deepEqual([tile?.name, tile?.path], [file, join(folder, "images", ...file.split("/"))]);
  });
}

test("of two images of exactly one name that in images/ is meant", async (context) => {
  const { folder, dataset } = await load(context, "a.png", ["images/a.png", "a.png"]);
  assert.equal(dataset.tiles[0]?.path, join(folder, "images", "a.png"));
});

for (const [written, files, options] of [
  ["a", ["images/a.png", "images/a.jpg"]],
  ["a.png", ["images/s1/a.png", "images/s2/a.png"]],
  ["A.png", ["images/a.png", "images/a.PNG"]],
  ["a", ["tiles/a.png", "tiles/a.tif"], { imageDirectory: "tiles" }],
] as const) {
  test(`the table's ${written} may be ${files.join(" or ")}: refused, naming both`, async (context) => {
    await assert.rejects(load(context, written, ["tiles/b.png", ...files], options), {
      code: "DATA_NAME_AMBIGUOUS",
      exitStatus: 2,
      message: new RegExp(`labels\\.csv, line 2: .*"${[...files].sort().join('", "')}"`),
    });
  });
}

test("two rows that mean one file are refused", async (context) => {
  await assert.rejects(load(context, "x/B.tiff", []), { code: "DATA_NAME_TWICE", message: /lines 2 and 3 .*b\.png/ });
});

test("numbers of a table of patients are not taken for the files in folders of classes", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "patients.csv": "id,diagnosis\n1,benign\n2,malignant\n",
    "benign/1.png": "",
    "malignant/2.png": "",
    "malignant/3.png": "",
  });
  const { layout, tiles } = await loadDataset(folder);
  assert.deepEqual([layout, tiles.length], ["folders", 3]);
  assert.equal((await loadDataset(folder, { table: "patients.csv" })).tiles.length, 2, "named with --table");
});
