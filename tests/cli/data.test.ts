import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { decodePixels } from "../../src/image/index";
import { encodePng } from "../../src/image/with-sharp";
import { texturePng, writeCsvSet, writeFiles } from "../support/data-sets";
import { histoHere, histoJson, histoJsonHere, lastJson } from "../support/histo";
import { sharedData, withoutSharedData } from "../support/shared-data";
import { twelveBitPng } from "../support/sixteen-bits";
import { sharedDirectory, temporaryDirectory } from "../support/temporary-directory";

let cache = "";
before(async () => {
  cache = sharedDirectory();
  process.env.HISTO_CACHE = cache;
});

const flatPng = (value: number) => encodePng(new Uint8Array(16 * 16 * 3).fill(value), 16, 16);

test("histo eda on real tiles agrees with NumPy and Pillow", { skip: withoutSharedData("pcam-mini") }, async () => {
  const eda = await histoJsonHere<Record<string, unknown>>("eda", "--data", sharedData("pcam-mini") as string);
  assert.deepEqual(eda.classes, { normal: { train: 426, test: 126 }, tumor: { train: 174, test: 74 } });
  assert.deepEqual(eda.partitions, { train: 600, test: 200 });
  assert.deepEqual(eda.sizes, { "96x96": 800 });
  assert.equal(eda.votes, null);
  // np.stack([np.asarray(Image.open(f).convert("RGB")) for f in the train rows]).reshape(-1, 3) / 255, mean(0) and std(0)
  const near = (actual: unknown, expected: number[]) =>
    expected.forEach((value, i) => {
      assert.ok(Math.abs((actual as number[])[i]! - value) < 1e-6);
    });
  near(eda.mean, [0.7132224193786, 0.5683406898205, 0.7055993441358]);
  near(eda.std, [0.2420167527498, 0.2894540723524, 0.2221649807735]);
  const { test: shift } = eda.shift as { test: { auc: number; differs: boolean; says: string } };
  assert.ok(shift.auc > 0.4 && shift.auc < 0.6 && !shift.differs, "the partitions are drawn from the same slides");
  assert.match(shift.says, /^The train and test images look alike/);
});

test("histo eda --no-images reads the label table alone", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "annotations.csv":
      "Image Name,Majority Vote Label,Number of Annotators who Selected SSA (Out of 7),Partition\na.png,HP,1,train\nb.png,SSA,4,test\n",
  });
  const eda = await histoJsonHere<Record<string, unknown>>("eda", "--data", folder, "--no-images");
  assert.deepEqual(Object.keys(eda).sort(), [
    "classNames",
    "classes",
    "layout",
    "notes",
    "partitions",
    "positive",
    "votes",
  ]);
  assert.deepEqual(eda.classes, { HP: { train: 1, test: 0 }, SSA: { train: 0, test: 1 } });
  const compared = await histoHere("eda", "--data", folder, "--no-images", "--against", folder);
  assert.equal(compared.status, 2);
  assert.match(compared.stderr, /--against compares images, which --no-images leaves out/);
  // A table that came without any of its images is looked at the same way, and this is said; a single missing one is an error.
  const alone = await histoJsonHere<Record<string, unknown>>("eda", "--data", folder);
  const note =
    "None of the 2 images exists: only the label table was read. If they are elsewhere in the data set, name their folder with --image-folder.";
  assert.deepEqual(alone, { ...eda, notes: [note] });
  await writeFiles(folder, { "images/a.png": "" });
  const some = await histoHere("eda", "--data", folder, "--quiet");
  assert.equal(some.status, 2);
  assert.match(some.stderr, /1 of 2 images .* are not in .*"b\.png"/);
  // So it is if the table names the images without their extension.
  await writeFiles(folder, { "labels.csv": "image,label\na,HP\nb,SSA\n", "images/a.PNG": "" });
  const bare = await histoHere("eda", "--data", folder, "--table", "labels.csv", "--quiet");
  assert.equal(bare.status, 2, bare.stdout);
  assert.match(bare.stderr, /1 of 2 images .* are not in .*"b"/);
});

test("an unreadable image ends data pack with 1, other commands with 2, with advice that each can follow, and leaves no file", async (context) => {
  const folder = await writeCsvSet(await temporaryDirectory(context), 6);
  await truncate(join(folder, "images", "3.png"), 200);
  await writeFiles(folder, { "images/4.png": "GIF89a" });
  const stores = () => readdir(join(cache, "pixels")).catch(() => []);
  const before = await stores();
  const run = join(folder, "run");
  for (const [status, argv, advice] of [
    [1, ["data", "pack"], /without them: give --skip-unreadable\.\n$/],
    [2, ["train", "--run", run], /without them: give --skip-unreadable\.\n$/],
    [2, ["eda"], /without them: histo data pack --data .* --skip-unreadable\n$/],
  ] as const) {
    const done = await histoHere(...argv, "--data", folder, "--quiet");
    assert.equal(done.status, status);
    assert.equal(done.stdout, "");
    assert.match(done.stderr, /^histo: 2 of 6 images cannot be used: .*3\.png .*4\.png .*\n$/);
    assert.match(done.stderr, advice);
  }
  assert.deepEqual(await stores(), before);

  const packed = await histoJsonHere<{ images: number; skipped: { name: string }[]; store: string }>(
    "data",
    "pack",
    "--data",
    folder,
    "--skip-unreadable",
  );
  assert.deepEqual([packed.images, packed.skipped.map((image) => image.name)], [4, ["3.png", "4.png"]]);
  assert.ok(existsSync(packed.store));
  const eda = await histoJsonHere<{ skipped: { name: string }[]; notes: string[]; classes: Record<string, unknown> }>(
    ...["eda", "--data", folder],
  );
  assert.equal(eda.skipped.length, 2);
  // The counts are of the images that can be read, as in training.
  assert.deepEqual(eda.classes, { HP: { train: 2, test: 1 }, SSA: { train: 0, test: 1 } });
  assert.deepEqual(eda.notes, ["Left out: 2 unreadable images."]);
});

test("--against reads images with the data set's bit depth, and leaves out those that it cannot read", async (context) => {
  const directory = await temporaryDirectory(context);
  const folder = await writeCsvSet(join(directory, "data"), 40);
  const other = join(directory, "other");
  for (let i = 0; i < 40; i++) {
    const { data, width, height } = await decodePixels(join(folder, "images", `${i}.png`));
    await writeFiles(other, { [`${i}.png`]: await twelveBitPng(data, width, height) });
  }
  await writeFiles(other, { "0.png": "GIF89a" });
  await truncate(join(other, "1.png"), 100);
  const argv = ["eda", "--data", folder, "--against", other, "--bit-depth", "12", "--json", "--quiet"];
  const { status, stdout, stderr } = await histoHere(...argv);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^histo: .*0\.png .*\nhisto: .*1\.png .*\n$/);
  // They are the same images.
  assert.equal(lastJson<{ shift: { new: { differs: boolean } } }>(stdout).shift.new.differs, false);
  await rm(other, { recursive: true });
  await writeFiles(other, { "0.png": "GIF89a" });
  const none = await histoHere(...argv);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /--against: no image of .* can be read/);
});

test("histo eda shows classes that are numbers in the order of their meaning", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": "image,label\na.png,3\nb.png,2\n",
  });
  const argv = ["eda", "--data", folder, "--no-images", "--positive", "2"];
  assert.deepEqual((await histoJsonHere<{ classNames: string[] }>(...argv)).classNames, ["3", "2"]);
  assert.match((await histoHere(...argv)).stdout, /^images .*\n3 .*\n2 \(positive\) /);
});

test("histo eda names the first tiles of what it finds, leaks first", async (context) => {
  const folder = await writeCsvSet(await temporaryDirectory(context), 12);
  const images = join(folder, "images");
  // 0, 5 and 10 are in test.
  for (const [from, to] of [
    ["1", "2"],
    ["3", "5"],
  ] as const)
    await copyFile(join(images, `${from}.png`), join(images, `${to}.png`));
  for (const i of [6, 7, 8, 9]) await writeFiles(folder, { [`images/${i}.png`]: await flatPng(240 + i) });
  const { stdout } = await histoHere("eda", "--data", folder);
  assert.match(stdout, /exact duplicates +2 groups \(3\.png = 5\.png, 1\.png = 2\.png\)/);
  assert.match(stdout, /blank tiles +4 \(6\.png, 7\.png, 8\.png, \.\.\.\)/);
  assert.match(stdout, /All names: --json\./);
});

test("histo eda shows the most frequent sizes of tiles that nearly all differ, and counts the others", async (context) => {
  const folder = await temporaryDirectory(context);
  for (let i = 0; i < 12; i++) {
    await writeFiles(folder, { [`${i % 2 ? "a" : "b"}/${i}.png`]: await texturePng(i, 20 + Math.max(0, i - 4)) });
  }
  const { stdout } = await histoHere("eda", "--data", folder);
  assert.match(stdout, /^sizes +20x20: 5, (?:\d+x\d+: 1, ){4}and 3 further sizes \(/m);
});

test("histo start --no-train leaves images that training need not decode", async (context) => {
  const data = await writeCsvSet(join(await temporaryDirectory(context), "data"), 12);
  histoJson("start", "--no-train", "--data", data, "--size", "16");
  const { decoded, reused } = await histoJsonHere<{ decoded: number; reused: number }>(
    ...["data", "pack", "--data", data, "--size", "16"],
  );
  assert.deepEqual([decoded, reused], [0, 12]);
});

test("bad options end with 2 and one line that names them", async () => {
  const line = async (...argv: string[]) => {
    const { status, stdout, stderr } = await histoHere(...argv);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.equal(stderr.trim().split("\n").length, 1);
    return stderr;
  };
  assert.match(await line("eda"), /--data/);
  assert.match(await line("eda", "--data", "/nowhere"), /\/nowhere does not exist/);
  assert.match(await line("eda", "--data", "/nowhere", "--colour"), /--colour/);
  assert.match(await line("data", "pack", "--data", "/nowhere", "--size", "0"), /--size/);
  assert.match(await line("data", "pack", "--data", "/nowhere", "--resize", "bigger"), /--resize/);
  assert.match(
    await line("lr-range", "--data", "/nowhere", "--lowest", "1", "--highest", "1"),
    /--lowest must be below --highest/,
  );
});
