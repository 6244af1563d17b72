/** @module Folders in folders: partitions inside classes, and patients with folders of classes. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type DatasetOptions, loadDataset, splitValidation } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

async function load(context: TestContext, names: readonly string[], options: DatasetOptions = {}) {
  const folder = await writeFiles(
    await temporaryDirectory(context),
    Object.fromEntries(names.map((name) => [name, ""])),
  );
  return loadDataset(folder, options);
}

const PARTS = ["HP", "SSA"].flatMap((name) => [`${name}/train/${name}a.png`, `${name}/test/${name}b.png`]);

test("partitions inside the classes are read, with a note", async (context) => {
  const { classes, tiles, notes } = await load(context, PARTS);
  assert.deepEqual(classes, ["HP", "SSA"]);
  assert.deepEqual(
    tiles.map(({ name, partition }) => [name, partition]),
    [
      ["HP/test/HPb.png", "test"],
      ["HP/train/HPa.png", "train"],
      ["SSA/test/SSAb.png", "test"],
      ["SSA/train/SSAa.png", "train"],
    ],
  );
  assert.match(notes?.join() ?? "", /^Partitions are taken from the folders inside the classes/);
  const { tiles: all } = await load(context, PARTS, { partitionColumn: "none" });
  assert.deepEqual(new Set(all.map(({ partition }) => partition)), new Set(["train"]));
});

test("folders of only some images are no partitions", async (context) => {
  const { tiles } = await load(context, [...PARTS, "SSA/c.png"]);
  assert.deepEqual(new Set(tiles.map(({ partition }) => partition)), new Set(["train"]));
});

const PATIENTS = Array.from({ length: 8 }, (_, patient) => [
  `10${patient}/0/a.png`,
  `10${patient}/1/b.png`,
  `10${patient}/1/deep/c.png`,
]).flat();

test("folders of patients with folders of classes: the positive class tells which they are", async (context) => {
  await assert.rejects(load(context, PATIENTS), {
    code: "DATA_MANY_CLASSES",
    message: /8 classes .*if the classes are the folders "0", "1" inside these, name one of those/,
  });
  const set = await load(context, PATIENTS, { positive: "1" });
  assert.deepEqual(set.classes, ["0", "1"]);
  assert.deepEqual(
    set.tiles.slice(0, 3).map(({ name, label, group }) => [name, label, group]),
    [
      ["100/0/a.png", 0, "100"],
      ["100/1/b.png", 1, "100"],
      ["100/1/deep/c.png", 1, "100"],
    ],
  );
  assert.match(set.notes?.join() ?? "", /Images of the same "folder above the class" \(8 in all\) stay in one/);
  const parts = new Map<string | undefined, Set<string>>();
  for (const { group, partition } of splitValidation(set, { seed: 1 }).tiles)
    parts.set(group, (parts.get(group) ?? new Set()).add(partition));
  assert.ok([...parts.values()].every((found) => found.size === 1));
  const alone = await load(context, PATIENTS, { positive: "1", groupColumn: "none" });
  assert.ok(alone.tiles.every(({ group }) => group === undefined));
});

test("patients may be in folders of partitions", async (context) => {
  const names = ["train/1", "train/2", "test/3"].flatMap((name) => [`${name}/N/a.png`, `${name}/T/b.png`]);
  const { classes, tiles } = await load(context, names, { positive: "T" });
  assert.deepEqual(classes, ["N", "T"]);
  assert.deepEqual(
    tiles.filter(({ partition }) => partition === "test").map(({ group }) => group),
    ["3", "3"],
  );
});

test("a positive class that is an outer folder leaves the inner ones without a meaning", async (context) => {
  const names = ["a/1/x.png", "a/2/x.png", "b/1/x.png", "b/2/x.png"];
  const { classes, notes } = await load(context, names, { positive: "a" });
  assert.deepEqual(classes, ["b", "a"]);
  assert.match(notes?.join() ?? "", /"a", "b", each with the folders "1", "2": if these are the classes, name/);
});

test("a data set in a folder of its own is refused with that folder's path", async (context) => {
  await assert.rejects(load(context, ["set/HP/a.png", "set/SSA/b.png", "__MACOSX/set/._x.png"]), {
    code: "DATA_ONE_CLASS",
    message: /has only the class "set".*give --data \S+\/set\./,
  });
});

test("a copy of the whole set beside the patients is no further patient", async (context) => {
  const names = [...PATIENTS, ...PATIENTS.map((name) => `copy/${name}`)];
  await assert.rejects(load(context, names, { positive: "1" }), { code: "DATA_POSITIVE_UNKNOWN" });
});

test("a positive class that is an outer and an inner folder is refused", async (context) => {
  const names = ["1", "2", "3"].flatMap((patient) => [`${patient}/0/a.png`, `${patient}/1/b.png`]);
  await assert.rejects(load(context, names, { positive: "1" }), {
    code: "DATA_POSITIVE_AMBIGUOUS",
    message: /the folder "1", or those of this name inside it and others/,
  });
});

test("of two outer folders, the one with the name of the positive class is it", async (context) => {
  const names = ["0", "1"].flatMap((name) => [`${name}/0/a.png`, `${name}/1/b.png`, `${name}/2/c.png`]);
  const [found, again] = [await load(context, names), await load(context, names, { positive: "1" })];
  assert.deepEqual(found.classes, again.classes);
  assert.deepEqual(
    again.tiles.map(({ label, group }) => [label, group]),
    found.tiles.map(({ label }) => [label, undefined]),
  );
});

const INSIDE = ["HP", "SSA"].flatMap((name, label) =>
  Array.from({ length: 24 }, (_, i) => `${name}/p${label * 4 + (i % 8)}/${i}.png`),
);

test("folders inside the classes are groups that stay whole, with a note", async (context) => {
  const set = await load(context, INSIDE);
  assert.deepEqual(set.classes, ["HP", "SSA"]);
  assert.equal(set.tiles.find(({ name }) => name === "SSA/p5/1.png")?.group, "p5", "of patients with both classes too");
  assert.match(set.notes?.join() ?? "", /Images of the same "folder inside the class" \(12 in all\) stay in one/);
  const parts = new Map<string | undefined, Set<string>>();
  for (const { group, partition } of splitValidation(set, { seed: 1 }).tiles)
    parts.set(group, (parts.get(group) ?? new Set()).add(partition));
  assert.ok([...parts.values()].every((found) => found.size === 1));
  const alone = await load(context, INSIDE, { groupColumn: "none" });
  assert.ok(alone.tiles.every(({ group }) => group === undefined));
});

test("groups are the folders of the first level with enough of each class, beside or below partitions", async (context) => {
  const below = INSIDE.map((name) => name.replace("/", "/40X/slides/"));
  assert.equal((await load(context, below)).tiles[0]?.group, "p0");
  const parts = INSIDE.flatMap((name) => ["train", "test"].map((part) => name.replace("/", `/${part}/`)));
  const { tiles, notes } = await load(context, parts);
  assert.equal(tiles.filter(({ partition, group }) => partition === "test" && group === "p0").length, 3);
  assert.match(notes?.join() ?? "", /12 of them are in more than one partition/);
});

test("a patient with a folder in each of several magnifications is one group, folders of the same few names are several", async (context) => {
  const names = INSIDE.flatMap((name) => ["40X", "100X"].map((factor) => name.replace("/", `/${factor}/`)));
  const { tiles } = await load(context, names);
  assert.deepEqual(
    new Set(tiles.filter(({ group }) => group === "p5").map(({ name }) => name.replace(/\d+\.png$/, ""))),
    new Set(["HP", "SSA"].flatMap((name) => [`${name}/100X/p5/`, `${name}/40X/p5/`])),
  );
  const slides = INSIDE.map((name) => name.replace(/p(\d+)/, (_, n) => `case${n >> 2}/slide${n % 4}`));
  assert.equal((await load(context, slides)).tiles[0]?.group, "case0/slide0");
});

test("few folders inside a class, or images beside them, make no groups", async (context) => {
  const few = INSIDE.map((name) => name.replace(/p(\d)/, (_, n) => `batch${Number(n) % 4}`));
  for (const names of [few, [...INSIDE, "HP/loose.png"]])
    assert.ok((await load(context, names)).tiles.every(({ group }) => group === undefined));
});
