import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type DatasetOptions, loadDataset } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

async function load(context: TestContext, text: string, options: DatasetOptions = {}, table = "labels.csv") {
  const images = { "images/a.png": "", "images/b.png": "", "images/c.png": "" };
  const folder = await writeFiles(await temporaryDirectory(context), { ...images, [table]: text });
  return loadDataset(folder, options);
}

test("of several columns that could name the images the one that does is taken, and a note says so", async (context) => {
  const { tiles, notes } = await load(context, "image,id,label\n1,a,x\n2,b,y\n3,c,x\n");
  assert.deepEqual(
    tiles.map(({ name }) => name),
    ["a.png", "b.png", "c.png"],
  );
  assert.deepEqual(notes, ['Images are named by the column "id", not by "image".']);
});

test("where both name images the more usual one is taken", async (context) => {
  const { tiles, notes } = await load(context, "path,image,label\nb.png,a.png,x\na.png,b.png,y\nc.png,c.png,x\n");
  assert.deepEqual([tiles[0]?.name, notes], ["a.png", []]);
});

test("of several columns of labels the most usual is taken; one that says the same needs no note", async (context) => {
  const { classes, tiles, notes } = await load(context, "image,target,label\na,1,SSA\nb,0,HP\nc,1,SSA\n");
  assert.deepEqual([classes, tiles.map(({ label }) => label), notes], [["HP", "SSA"], [1, 0, 1], []]);
});

test("a column that labels the images differently is named in a note", async (context) => {
  const text = "image,diagnosis,label\na,adenoma,SSA\nb,polyp,HP\nc,lesion,SSA\n";
  const { classes, notes } = await load(context, text);
  assert.deepEqual(classes, ["HP", "SSA"]);
  assert.deepEqual(notes, [
    'Labels are taken from the column "label"; "diagnosis" could be meant too (--label-column).',
  ]);
  assert.deepEqual((await load(context, text, { labelColumn: "diagnosis", positive: "polyp" })).classes, [
    "other",
    "polyp",
  ]);
});

for (const [what, header, pattern] of [
  ["twice", "image,label,label", /two columns "label" that differ; remove or rename one\.$/],
  [
    "in two spellings",
    "image,Label,labels",
    /the columns "Label" and "labels" that differ; name one with --label-column NAME\.$/,
  ],
] as const) {
  test(`a column that is there ${what}, with other contents, is refused`, async (context) => {
    const text = `${header}\na,x,y\nb,y,y\nc,y,y\n`;
    await assert.rejects(load(context, text), { code: "TABLE_COLUMN_AMBIGUOUS", exitStatus: 2, message: pattern });
    assert.equal((await load(context, text.replace("a,x,y", "a,x,x"))).tiles.length, 3, "the same twice will do");
  });
}

test("of two spellings one can be named", async (context) => {
  const { tiles } = await load(context, "image,Label,label\na,x,y\nb,y,x\n", { labelColumn: "Label" });
  assert.deepEqual(
    tiles.map(({ label }) => label),
    [0, 1],
  );
});

test("the case of the table's name does not count, and its columns may be set apart by tabs", async (context) => {
  for (const name of ["Labels.CSV", "ANNOTATIONS.csv", "tiles.tsv", "labels.tsv"]) {
    const { tiles } = await load(context, "image\tlabel\na\tx\nb\ty\n", {}, name);
    assert.equal(tiles.length, 2, name);
  }
});

test("case, blanks, punctuation and plural in column names do not count", async (context) => {
  for (const header of [
    "IMAGE_NAMES;Class Names;Partitions",
    '"Image  Name";class-name;PARTITION',
    "ImageName;ClassName;partition.",
  ]) {
    const { tiles } = await load(context, `${header}\na;x;train\nb;y;test\n`);
    assert.deepEqual(
      tiles.map(({ name, label, partition }) => [name, label, partition]),
      [
        ["a.png", 0, "train"],
        ["b.png", 1, "test"],
      ],
    );
  }
});

test("lines are counted as an editor does, also behind fields of several lines", async (context) => {
  const text = 'image,label,note\na,x,"first\nsecond\nthird"\nb,,"one"\n';
  await assert.rejects(load(context, text), { code: "TABLE_FIELD_EMPTY", message: /line 5: the label is empty/ });
  await assert.rejects(load(context, 'image,label,note\n\na,,"first\nsecond"\nb,y,z\n'), {
    message: /line 3: the label/,
  });
});

test("next to x, a column y is a place and no label", async (context) => {
  const { classes, notes } = await load(context, "image,x,y,target\na,0,0,t\nb,0,512,n\nc,512,512,t\n");
  assert.deepEqual([classes, notes], [["n", "t"], []]);
  assert.deepEqual((await load(context, "image,y\na,t\nb,n\nc,t\n")).classes, ["n", "t"]);
});

test("paths of files and patches are names of images", async (context) => {
  for (const header of ["file_path", "filepath", "img_path", "Patch Name"]) {
    const { tiles } = await load(context, `${header},label\nimages/a.png,x\nimages/b.png,y\n`);
    assert.deepEqual(
      tiles.map(({ path }) => path.split("/").at(-1)),
      ["a.png", "b.png"],
      header,
    );
  }
});
