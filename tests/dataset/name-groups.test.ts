import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type DatasetOptions, loadDataset, splitValidation } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { histoHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";

const places = [0, 224, 448].flatMap((x) => [0, 224].map((y) => [x, y] as const));

/** Six tiles of each of ten slides, named by `nameOf`; the class alternates with the slide, and a slide may have both. */
async function folderOf(context: TestContext, nameOf: (slide: number, x: number, y: number) => string, partition = "") {
  const files: Record<string, string> = {};
  for (let slide = 0; slide < 10; slide++) {
    for (const [x, y] of places) {
      const name = (slide + Number(x === 448)) % 2 === 0 ? "benign" : "malignant";
      files[
        `${partition && (slide + y) % 5 === 0 ? `${partition}/` : partition && "train/"}${name}/${nameOf(slide, x, y)}`
      ] = "";
    }
  }
  return writeFiles(await temporaryDirectory(context), files);
}

const slides = (slide: number, x: number, y: number) => `TCGA-A${slide}-0001-DX1_${x}_${y}.png`;

async function load(folder: string, options: DatasetOptions = {}) {
  const dataset = await loadDataset(folder, options);
  return { dataset, notes: (dataset.notes ?? []).join("\n") };
}

test("a pattern for file names keeps the tiles of a slide together, in folders of classes and in a table", async (context) => {
  const folder = await folderOf(context, slides);
  const rows = Array.from({ length: 10 }, (_, slide) =>
    places.map(([x, y]) => `${slides(slide, x, y)},${slide % 2}`),
  ).flat();
  const table = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": `image,label,patient\n${rows.map((row, i) => `${row},${i}`).join("\n")}\n`,
  });
  const groupPattern = "^TCGA-(\\w\\w-\\d{4})";
  for (const [path, more] of [
    [folder, {}],
    [table, { requireImages: false }],
  ] as const) {
    const { dataset, notes } = await load(path, { groupPattern, ...more });
    assert.equal(new Set(dataset.tiles.map(({ group }) => group)).size, 10);
    assert.equal(dataset.tiles[0]?.group, "A0-0001");
    assert.match(notes, /^Images with the same "\^TCGA-.*" in their names \(10 in all\) stay in one partition/m);
    const split = splitValidation(dataset, { seed: 1 });
    const partitions = new Map<string, Set<string>>();
    for (const { group = "", partition } of split.tiles)
      partitions.set(group, (partitions.get(group) ?? new Set()).add(partition));
    assert.deepEqual(
      [...partitions.values()].map(({ size }) => size),
      Array(10).fill(1),
    );
    assert.equal(new Set(split.tiles.map(({ partition }) => partition)).size, 3);
  }
});

test("without parentheses, the whole match names the group; names without a match are counted", async (context) => {
  const folder = await folderOf(context, slides);
  const { dataset, notes } = await load(folder, { groupPattern: "A[0-4]-" });
  assert.deepEqual(
    new Set(dataset.tiles.map(({ group }) => group)),
    new Set(["A0-", "A1-", "A2-", "A3-", "A4-", undefined]),
  );
  assert.match(notes, /^No "A\[0-4\]-" is given for 30 images: each is drawn by itself/m);
});

test("names of tiles cut from larger pictures are pointed out, with the pattern that keeps them together", async (context) => {
  const names = [
    slides,
    (slide: number, x: number, y: number) => `S${slide}-${x}-${y}.jpg`,
    (slide: number, x: number, y: number) => `${10250 + slide}_idx5_x${x}_y${y}_class1.png`,
    (slide: number, x: number, y: number) => `scan ${slide}.tif_Row_${x}_Col_${y}.tif`,
  ];
  for (const nameOf of names) {
    const folder = await folderOf(context, nameOf);
    const { notes } = await load(folder);
    const [, pattern] = /look like tiles cut from 10 larger pictures\..* --group-pattern '(\S+)', or/.exec(notes) ?? [];
    assert.ok(pattern, notes);
    const { dataset, notes: after } = await load(folder, { groupPattern: pattern });
    assert.equal(new Set(dataset.tiles.map(({ group }) => group)).size, 10);
    assert.doesNotMatch(after, /look like/);
    assert.doesNotMatch((await load(folder, { groupColumn: "none" })).notes, /look like/);
  }
});

test("pictures that the given partitions tear apart are counted", async (context) => {
  const { notes } = await load(await folderOf(context, slides, "test"));
  assert.match(notes, /in several partitions \(\d+ pictures already are\), results are too good/);
});

test("numbered images and names of other kinds are not taken for tiles of a picture", async (context) => {
  const names = [
    (slide: number, x: number, y: number) => `image_${slide}_${x + y / 224}.png`,
    (slide: number, x: number, y: number) => `patient${slide * 1000 + x + y / 224}.png`,
    (slide: number, x: number, y: number) => `${(slide * 7919 + x * 31 + y).toString(36)}-a.png`,
  ];
  for (const nameOf of names) assert.equal((await load(await folderOf(context, nameOf))).notes, "");
});

test("patterns that match nothing, say the same as a column, or are none end with one line", async (context) => {
  const folder = await folderOf(context, slides);
  await assert.rejects(load(folder, { groupPattern: "patient(\\d+)" }), {
    code: "DATA_GROUP_MISSING",
    message: /^--group-pattern patient\(\\d\+\) matches no file name \(such as "TCGA-/,
  });
  await assert.rejects(load(folder, { groupPattern: "^(.+)_", groupColumn: "patient", table: "labels.csv" }), {
    code: /DATA_GROUP_AMBIGUOUS|TABLE_|DATA_TABLE/,
  });
  const { status, stderr } = await histoHere("eda", "--data", folder, "--group-pattern", "(", "--quiet");
  assert.equal(status, 2);
  assert.match(stderr, /argument '\(' is invalid\. It must be a regular expression\.$/m);
});
