import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  type Dataset,
  type DatasetOptions,
  foldNames,
  loadDataset,
  type Reading,
  splitValidation,
  summarizeLabels,
} from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** 240 images of 40 patients, from 1 to 11 of each; a patient's images are mostly of one class. */
async function load(context: TestContext, options: DatasetOptions = {}, header = "image,label,Patient ID", more = "") {
  const rows: string[] = [];
  for (let patient = 0; rows.length < 240; patient++) {
    for (let i = 0; i <= patient % 11 && rows.length < 240; i++)
      rows.push(`${rows.length}.png,${(patient + Number(i === 3)) % 3 === 0 ? "SSA" : "HP"},p${patient}`);
  }
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": `${header}\n${rows.map((row) => row + more).join("\n")}\n`,
  });
  return loadDataset(folder, { ...options, requireImages: false });
}

const partitionsOf = ({ tiles }: Dataset) => {
  const found = new Map<string, Set<string>>();
  for (const { group = "", partition } of tiles) found.set(group, (found.get(group) ?? new Set()).add(partition));
  return found;
};

test("held-out sets take whole patients, and about their share of both classes", async (context) => {
  const dataset = await load(context);
  assert.match(dataset.notes?.[0] ?? "", /^Images of the same "Patient ID" \(\d+ in all\) stay in one partition/);
  for (const seed of [0, 1, 2, 3, 4]) {
    const split = splitValidation(dataset, { seed });
    for (const [group, partitions] of partitionsOf(split)) assert.equal(partitions.size, 1, group);
    for (const label of [0, 1]) {
      const of = (partition?: string) =>
        split.tiles.filter((tile) => tile.label === label && (!partition || tile.partition === partition)).length;
      assert.ok(
        Math.abs(of("test") / of() - 0.2) < 0.07,
        `test, class ${label}, seed ${seed}: ${of("test")} of ${of()}`,
      );
      assert.ok(Math.abs(of("validation") / of() - 0.16) < 0.07, `validation, class ${label}: ${of("validation")}`);
    }
  }
  const [a, b] = [0, 1].map((seed) =>
    splitValidation(dataset, { seed })
      .tiles.map(({ partition }) => partition)
      .join(),
  );
  assert.notEqual(a, b);
});

test("drawn folds take whole patients", async (context) => {
  const dataset = await load(context, { folds: 4 });
  assert.deepEqual(foldNames(dataset, { seed: 0 }), ["1", "2", "3", "4"]);
  const sizes = ["1", "2", "3", "4"].map((fold) => {
    const split = splitValidation({ ...dataset, options: { folds: 4, fold } }, { seed: 0 });
    for (const partitions of partitionsOf(split).values()) assert.equal(partitions.size, 1);
    return split.tiles.filter(({ partition }) => partition === "validation").length;
  });
  assert.ok(Math.max(...sizes) - Math.min(...sizes) < 12, sizes.join());
});

test("--group-column none draws image by image; another column can be named", async (context) => {
  const without = await load(context, { groupColumn: "none" });
  assert.ok(without.tiles.every(({ group }) => group === undefined));
  assert.equal(summarizeLabels(without).groups, undefined);
  const named = await load(context, { groupColumn: "hospital" }, "image,label,hospital");
  assert.equal(named.tiles[0]?.group, "p0");
});

test("patients on both sides of the table's own partitions are counted and named", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv":
      "image,label,slide,split\na,x,s1,train\nb,y,s1,test\nc,x,s2,train\nd,y,s2,train\ne,y,s3,test\nf,x,,test\ng,y,NA,train\n",
  });
  const dataset = await loadDataset(folder, { requireImages: false });
  assert.deepEqual(summarizeLabels(dataset).groups, { count: 3, acrossPartitions: ["s1"] });
  assert.match(dataset.notes?.[1] ?? "", /^1 of them are in more than one partition, .*: "s1"\.$/);
  assert.deepEqual(dataset.tiles.map(({ group }) => group).slice(5), [undefined, undefined]);
});

test("of three large patients of a class one goes to each partition", async (context) => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i}.png,${i % 2},${i % 2}-${Math.floor(i / 2) % 3}`);
  const folder = await temporaryDirectory(context);
  await writeFiles(folder, { "labels.csv": ["image,label,patient", ...rows].join("\n") });
  for (const seed of [0, 1, 2]) {
    const split = splitValidation(await loadDataset(folder, { requireImages: false }), { seed });
    for (const [group, partitions] of partitionsOf(split)) assert.equal(partitions.size, 1, group);
    const groups = (wanted: string) =>
      new Set(split.tiles.filter((t) => t.partition === wanted).map((t) => t.group)).size;
    assert.deepEqual(["train", "validation", "test"].map(groups), [2, 2, 2], `seed ${seed}`);
  }
});

test("too few patients of a class to hold one out is said plainly", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": "image,label,patient\na,x,1\nb,x,1\nc,y,2\nd,y,2\ne,y,3\n",
  });
  const dataset = await loadDataset(folder, { requireImages: false });
  assert.throws(() => splitValidation(dataset, { seed: 0 }), {
    code: "DATA_TOO_SMALL",
    message: /2 training images of class "x" in 1 group left where a test set must be held out/,
  });
});

test("a chosen fold of the table that shares patients with another is said to; test images are in no fold", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": [
      "image,label,patient,partition,fold",
      ...["a.png,0,p1,train,0", "b.png,1,p1,train,1", "c.png,0,p2,train,0", "d.png,1,p2,train,0"],
      ...["e.png,0,p3,test,0", "f.png,1,p3,test,1", "g.png,1,p4,train,1", "h.png,0,p4,train,1"],
    ].join("\n"),
  });
  const notes = async (options: DatasetOptions) =>
    ((await loadDataset(folder, { ...options, requireImages: false })).notes ?? []).join("\n");
  assert.match(await notes({ fold: "1" }), /1 of them are in more than one fold,.*: "p1"\./);
  assert.doesNotMatch(await notes({}), /more than one fold/);
  assert.doesNotMatch(await notes({ folds: 2, fold: "1" }), /more than one fold/);
});

test("images without a patient are counted, because some may belong together", async (context) => {
  const notes = async (...patients: string[]) => {
    const rows = patients.map((patient, i) => `${i}.png,${i % 2},${patient}`);
    const folder = await temporaryDirectory(context);
    await writeFiles(folder, { "labels.csv": ["image,label,patient", ...rows].join("\n") });
    return ((await loadDataset(folder, { requireImages: false })).notes ?? []).join("\n");
  };
  assert.match(await notes("p1", "", "p1", "NA"), /No "patient" is given for 2 images: each is drawn by itself/);
  assert.doesNotMatch(await notes("p1", "p2", "p1", "p2"), /No "patient"/);
});

test("a second column of groups is said, unless its groups are parts of the first's", async (context) => {
  const load = async (rows: readonly string[]) => {
    const folder = await writeFiles(await temporaryDirectory(context), {
      "labels.csv": `image,label,patient,slide\n${rows.join("\n")}\n`,
    });
    return (await loadDataset(folder, { requireImages: false })).notes?.join("\n") ?? "";
  };
  const slides = ["a,HP,p1,s1", "b,SSA,p1,s2", "c,HP,p2,s3", "d,SSA,p2,s3"];
  assert.doesNotMatch(await load(slides), /"slide"/);
  assert.match(await load([...slides, "e,HP,p1,s3"]), /Values of "slide" occur in several of them: if these images/);
});

test("the columns of patients in tables of TCGA are found", async (context) => {
  for (const column of ["case_submitter_id", "bcr_patient_barcode", "slide_submitter_id"]) {
    const { notes } = await load(context, {}, `image,label,${column}`);
    assert.match(notes?.join() ?? "", new RegExp(`^Images of the same "${column}"`));
  }
});

test("a patient whose number is written 01, 1 and 1.0 is one, also across partitions", async (context) => {
  const rows = Array.from({ length: 40 }, (_, i) => {
    const isTest = i >= 30;
    const patient = i % 4 === 0 ? (isTest ? "1.0" : "01") : i % 4 === 1 ? (isTest ? "p7" : "P7") : `${i}`;
    return `${i}.png,${i % 3 === 0 ? "SSA" : "HP"},${patient},${isTest ? "test" : "train"}`;
  });
  const table = `image,label,patient,partition\n${rows.join("\n")}\n`;
  const folder = await writeFiles(await temporaryDirectory(context), { "labels.csv": table });
  const dataset = await loadDataset(folder, { requireImages: false });
  assert.deepEqual(summarizeLabels(dataset).groups?.acrossPartitions, ["01", "P7"]);
  assert.ok(dataset.notes?.includes('Values read as one: "01", "1.0"; "P7", "p7".'), dataset.notes?.join("\n"));
  assert.ok(dataset.tiles.some(({ group }) => group === "10"));
});

test("spellings of a patient are one in names of folders and of files too, unless an earlier version began the work", async (context) => {
  const spellings = ["P1", "p1", "02", "2", "3", "4", "5", "6", "7"];
  const folders = Object.fromEntries(
    ["HP", "SSA"].flatMap((name) => spellings.map((patient) => [`${name}/${patient}/${patient}_a.png`, ""])),
  );
  const folder = await writeFiles(await temporaryDirectory(context), folders);
  const rows = Object.keys(folders).map((name, i) => `${name.replaceAll("/", "-")},${i % 2}`);
  const table = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": `image,label\n${rows.join("\n")}\n`,
  });
  for (const [path, options] of [
    [folder, {}],
    [folder, { groupPattern: "^(.+)_a" }],
    [table, { groupPattern: "-(\\w+)-", requireImages: false }],
  ] as const) {
    const namesIn = async (reading?: Reading) => {
      const { tiles, notes } = await loadDataset(path, options, reading);
      return { groups: new Set(tiles.map(({ group }) => group)).size, notes: notes?.join("\n") ?? "" };
    };
    const { groups, notes } = await namesIn();
    assert.equal(groups, 7, notes);
    assert.match(notes, /^Values read as one: .*"P1", "p1"/m);
    assert.equal((await namesIn(2)).groups, 9);
  }
});
