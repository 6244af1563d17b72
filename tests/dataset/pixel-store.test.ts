import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import sharp from "sharp";
import {
  channelStatistics,
  fitStainReference,
  imageNotes,
  loadDataset,
  openPixelStore,
  type PixelStore,
  packPixels,
  withoutSkipped,
} from "../../src/dataset/index";
import { isUnchanged } from "../../src/dataset/packing";
import { prepareImage } from "../../src/image/index";
import { texture, texturePng, writeCsvSet, writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

async function setOf(context: TestContext, count: number, size = 16) {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), count, size);
  return { data, cacheDirectory: join(folder, "cache"), image: (name: string) => join(data, "images", name) };
}

test("the store holds every image's pixels, in any order of reading", async (context) => {
  const { data, cacheDirectory } = await setOf(context, 9);
  const store = await openPixelStore(await loadDataset(data), { size: 16, cacheDirectory });
  assert.equal(store.bytesPerImage, 16 * 16 * 3);
  const into = new Uint8Array(5 * store.bytesPerImage);
  const wanted = [7, 8, 0, 3, 3];
  store.read(
    wanted.map((i) => store.positionOf(`${i}.png`)),
    into,
  );
  assert.deepEqual(into, Uint8Array.from(wanted.flatMap((i) => [...texture(i, 16)])));
  assert.throws(() => store.positionOf("9.png"), { code: "STORE_TILE_MISSING" });
  assert.throws(() => store.read([9], into), RangeError);
  store.close();
  assert.throws(() => store.read([0], into), /closed/);
});

test("only what changed is decoded again", async (context) => {
  const { data, cacheDirectory, image } = await setOf(context, 8);
  const pack = async () => {
    const { store, decoded, reused, removed } = await packPixels(await loadDataset(data), { size: 16, cacheDirectory });
    store.close();
    return { decoded, reused, removed, hash: store.contentHash };
  };
  const first = await pack();
  assert.deepEqual(first, { decoded: 8, reused: 0, removed: 0, hash: first.hash });
  assert.deepEqual(await pack(), { ...first, decoded: 0, reused: 8 });

  await utimes(image("1.png"), new Date(), new Date());
  assert.deepEqual(await pack(), { ...first, decoded: 0, reused: 8 }, "touched, same content");

  await writeFile(image("1.png"), await texturePng(100, 16));
  const changed = await pack();
  assert.deepEqual([changed.decoded, changed.reused], [1, 7]);
  assert.notEqual(changed.hash, first.hash);

  const rows = ["image,label", "7.png,HP", "5.png,SSA", "new.png,SSA", "1.png,HP"];
  await writeFiles(data, { "labels.csv": rows.join("\n"), "images/new.png": await texturePng(200, 16) });
  const { store, decoded, reused, removed } = await packPixels(await loadDataset(data), { size: 16, cacheDirectory });
  assert.deepEqual([decoded, reused, removed], [1, 3, 5]);
  const into = new Uint8Array(4 * store.bytesPerImage);
  store.read([0, 1, 2, 3], into);
  assert.deepEqual(into, Uint8Array.from([100, 5, 7, 200].flatMap((seed) => [...texture(seed, 16)])));
  store.close();
});

test("images that cannot be used are named all together, and nothing is left behind", async (context) => {
  const { data, cacheDirectory, image } = await setOf(context, 6);
  await truncate(image("1.png"), 300);
  await writeFile(image("2.png"), "not an image");
  await writeFile(image("4.png"), "");
  const dataset = await loadDataset(data);
  await assert.rejects(openPixelStore(dataset, { size: 16, cacheDirectory }), {
    code: "DATA_IMAGES_UNREADABLE",
    exitStatus: 2,
    message: /3 of 6 .*1\.png is damaged or cut off.*2\.png is not a PNG.*4\.png is an empty file.*--skip-unreadable/,
  });
  assert.deepEqual(await readdir(join(cacheDirectory, "pixels")), []);

  const store = await openPixelStore(dataset, { size: 16, cacheDirectory, skipUnreadable: true });
  assert.deepEqual(store.names, ["0.png", "3.png", "5.png"]);
  assert.deepEqual(
    store.skipped.map((skipped) => skipped.name),
    ["1.png", "2.png", "4.png"],
  );
  assert.deepEqual(
    withoutSkipped(dataset, store).tiles.map((tile) => tile.name),
    store.names,
  );
  assert.throws(() => store.positionOf("1.png"), /was skipped when the images were packed: .*cut off/);
  store.close();

  const again = await packPixels(dataset, { size: 16, cacheDirectory });
  assert.deepEqual([again.decoded, again.store.skipped.length], [0, 3], "what was skipped is remembered");
  again.store.close();
  await writeFile(image("2.png"), await texturePng(2, 16));
  const mended = await packPixels(dataset, { size: 16, cacheDirectory });
  assert.deepEqual([mended.decoded, mended.store.skipped.length], [1, 2], "a mended image comes in");
  mended.store.close();
});

test("the remedy for unreadable images is a command that can be pasted", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeFiles(join(folder, "Anna's set"), {
    "tables/all.csv": "image,label\na.png,x\nb.png,y\n",
    ...{ "tiles/a.png": "not an image", "tiles/b.png": await texturePng(1, 16) },
  });
  const dataset = await loadDataset(data, { table: "tables/all.csv", imageDirectory: "tiles" });
  const options = { size: 16, resize: "pad", cacheDirectory: join(folder, "cache") } as const;
  const refused = await openPixelStore(dataset, options).catch((error: Error) => error.message);
  const [, command] = /continue without them: histo (.*)$/.exec(String(refused)) ?? [];
  const { stdout } = spawnSync("sh", ["-c", `printf '%s\n' ${command}`], { encoding: "utf8" });
  assert.deepEqual(stdout.trim().split("\n"), [
    ...["data", "pack", "--data", data, "--table", "tables/all.csv", "--image-folder", "tiles"],
    ...["--size", "16", "--resize", "pad", "--skip-unreadable"],
  ]);
});

test("each folder of images has a store of its own, though names, sizes and times agree", async (context) => {
  const { data, cacheDirectory } = await setOf(context, 2);
  const [first, second] = [texture(1, 16), texture(2, 16)];
  const tiff = (pixels: Uint8Array) =>
    sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
      .tiff({ compression: "none" })
      .toBuffer();
  const files = { "a/0.png": await tiff(first), "a/1.png": await tiff(first), "b/0.png": await tiff(second) };
  await writeFiles(data, { ...files, "b/1.png": await tiff(second) });
  const time = new Date(1e12);
  for (const name of [...Object.keys(files), "b/1.png"]) await utimes(join(data, name), time, time);
  for (const [imageDirectory, pixels] of [
    ["a", first],
    ["b", second],
  ] as const) {
    const store = await openPixelStore(await loadDataset(data, { imageDirectory }), { size: 16, cacheDirectory });
    const into = new Uint8Array(store.bytesPerImage);
    store.read([0], into);
    assert.deepEqual(into, pixels);
    store.close();
  }
});

test("an image that could not be read is tried again as soon as it may be", async (context) => {
  const { image } = await setOf(context, 1);
  const planned = (path: string, sha256: string) => ({
    tile: { name: "0.png", path, label: 0, partition: "train" } as const,
    ...{ bytes: 7, modified: 1, known: { position: -1, stamp: { bytes: 7, modified: 1, sha256 }, reason: "" } },
  });
  assert.equal(isUnchanged(planned(image("0.png"), "")), false, "size and time do not show a change of permissions");
  assert.equal(isUnchanged(planned(image("none.png"), "")), true, "still not to be read");
  assert.equal(isUnchanged(planned(image("0.png"), "e3b0c4")), true, "it was read, and is damaged");
});

test("threads, which many images are packed by, give the same store", async (context) => {
  const { data, cacheDirectory, image } = await setOf(context, 90);
  await writeFile(image("3.png"), "not an image");
  await truncate(image("70.png"), 300);
  await writeFile(
    image("20.png"),
    await sharp(await texturePng(20, 16))
      .webp({ lossless: true })
      .toBuffer(),
  );
  const dataset = await loadDataset(data);
  const good = dataset.tiles.map((tile) => tile.name).filter((name) => name !== "3.png" && name !== "70.png");
  const assertPixels = (store: PixelStore, seedOf = (name: string) => Number.parseInt(name, 10)) => {
    const into = new Uint8Array(good.length * store.bytesPerImage);
    assert.deepEqual(store.names, good);
    store.read([...good.keys()], into);
    assert.deepEqual(Buffer.from(into), Buffer.concat(good.map((name) => texture(seedOf(name), 16))));
    store.close();
  };
  const packing = openPixelStore(dataset, { size: 16, cacheDirectory });
  await assert.rejects(packing, { message: /2 of 90 .*3\.png is not a PNG.*70\.png is damaged or cut off/ });
  assert.deepEqual(await readdir(join(cacheDirectory, "pixels")), []);
  assertPixels(await openPixelStore(dataset, { size: 16, cacheDirectory, skipUnreadable: true }));

  const now = new Date();
  for (const { path } of dataset.tiles) await utimes(path, now, now);
  await writeFile(image("33.png"), await texturePng(133, 16));
  const again = await packPixels(dataset, { size: 16, cacheDirectory });
  assert.deepEqual([again.decoded, again.reused, again.store.skipped.length], [1, 87, 2], "all read, one decoded");
  assertPixels(again.store, (name) => (name === "33.png" ? 133 : Number.parseInt(name, 10)));

  const stopped = openPixelStore(dataset, { size: 8, cacheDirectory, signal: AbortSignal.timeout(1) });
  await assert.rejects(stopped, { code: "INTERRUPTED" });
  assert.equal((await readdir(join(cacheDirectory, "pixels"))).length, 1, "nothing half-written");
});

test("each damaged image is given its own reason, however many are decoded at the same time", async (context) => {
  const folder = await temporaryDirectory(context);
  const raw = sharp(texture(1, 64), { raw: { width: 64, height: 64, channels: 3 } });
  const [jpeg, png] = [await raw.jpeg().toBuffer(), await raw.png({ progressive: true }).toBuffer()];
  const rows = ["image,label"];
  for (let i = 0; i < 100; i++) {
    const [file, name] = i % 2 === 0 ? [jpeg, `${i}.jpg`] : [png, `${i}.png`];
    rows.push(`${name},${i < 50 ? "x" : "y"}`);
    await writeFiles(folder, { [name]: i < 90 ? file.subarray(0, file.length / 2) : file });
  }
  await writeFiles(folder, { "labels.csv": rows.join("\n") });
  const options = { size: 64, cacheDirectory: join(folder, "cache"), skipUnreadable: true };
  const { skipped } = await openPixelStore(await loadDataset(folder), options);
  assert.equal(skipped.length, 90);
  for (const { name, reason } of skipped) assert.equal(/JPEG/.test(reason), name.endsWith(".jpg"), reason);
});

test("a store that was cut short is built again", async (context) => {
  const { data, cacheDirectory } = await setOf(context, 5);
  const dataset = await loadDataset(data);
  const { store, path } = await packPixels(dataset, { size: 16, cacheDirectory });
  store.close();
  await truncate(path, 2000);
  const again = await packPixels(dataset, { size: 16, cacheDirectory });
  assert.equal(again.decoded, 5);
  assert.equal(again.store.contentHash, store.contentHash);
  again.store.close();
});

test("a size that does not fit on the disk is refused before any image is read", async (context) => {
  const { data, cacheDirectory, image } = await setOf(context, 5);
  await rm(image("1.png"));
  await writeFile(image("1.png"), "not an image");
  const packing = openPixelStore(await loadDataset(data), { size: 4_000_000, cacheDirectory });
  await assert.rejects(packing, {
    code: "STORE_NO_SPACE",
    exitStatus: 2,
    message: /--size 4000000: 5 images take 240000\.0 GB/,
  });
});

test("a cache folder that cannot be made is told of at once", { skip: !existsSync("/proc/self") }, async (context) => {
  const { data } = await setOf(context, 3);
  const packing = openPixelStore(await loadDataset(data), { size: 16, cacheDirectory: "/proc/nowhere/cache" });
  await assert.rejects(packing, { code: "CACHE_UNUSABLE", exitStatus: 2, message: /\/proc\/nowhere.*HISTO_CACHE/ });
});

test("a store larger than files may be is told of with a remedy", {
  skip: process.platform === "win32",
}, async (context) => {
  const { data, cacheDirectory } = await setOf(context, 4);
  const { stderr } = spawnSync(
    "bash",
    [
      "-c",
      `trap '' XFSZ; ulimit -f 8; "$0" bin/histo.cjs data pack --data "$1" --size 64 --quiet`,
      process.execPath,
      data,
    ],
    {
      encoding: "utf8",
      env: { ...process.env, HISTO_CACHE: cacheDirectory },
    },
  );
  assert.match(stderr, /\.pixels becomes larger than files may be here.*smaller --size or set HISTO_CACHE/);
});

test("stopping leaves nothing half-written", async (context) => {
  const { data, cacheDirectory } = await setOf(context, 5);
  const packing = openPixelStore(await loadDataset(data), { size: 16, cacheDirectory, signal: AbortSignal.abort() });
  await assert.rejects(packing, { code: "INTERRUPTED", exitStatus: 130 });
  assert.deepEqual(await readdir(join(cacheDirectory, "pixels")), []);
});

test("what a killed packing left is removed by the next one; a living one's is not", async (context) => {
  const { data, cacheDirectory } = await setOf(context, 3);
  const pack = async () => {
    const { store, path } = await packPixels(await loadDataset(data), { size: 16, cacheDirectory });
    store.close();
    return path;
  };
  const path = await pack();
  // A process that has ended, so that its number is free.
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const [abandoned, fresh, living] = [`${path}.tmp-${pid}-0`, `${path}.tmp-${pid}-1`, `${path}.tmp-${process.ppid}-0`];
  for (const file of [abandoned, fresh, living]) await writeFile(file, "half a store");
  const hourAgo = new Date(Date.now() - 3_600_000);
  await utimes(abandoned, hourAgo, hourAgo);
  await utimes(living, hourAgo, hourAgo);
  await rm(path);
  await pack();
  assert.deepEqual((await readdir(dirname(path))).sort(), [path, fresh, living].map((file) => basename(file)).sort());
});

test("channel statistics equal the definition", async (context) => {
  const { data, cacheDirectory } = await setOf(context, 7);
  const store = await openPixelStore(await loadDataset(data), { size: 16, cacheDirectory });
  const { mean, std } = channelStatistics(store, [1, 4]);
  for (const channel of [0, 1, 2]) {
    const values = [...texture(1, 16), ...texture(4, 16)]
      .filter((_, i) => i % 3 === channel)
      .map((value) => value / 255);
    const average = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
    assert.ok(Math.abs((mean[channel] as number) - average) < 1e-12);
    assert.ok(Math.abs((std[channel] as number) - Math.sqrt(variance)) < 1e-12);
  }
  store.close();
});

test("a stain-normalized store holds what a predictor makes of each file, beside the plain one", async (context) => {
  const { data, cacheDirectory, image } = await setOf(context, 6, 48);
  const dataset = await loadDataset(data);
  const { stain, reference } = await fitStainReference(dataset, "reinhard", { size: 48, resize: "crop" });
  assert.deepEqual(await fitStainReference(dataset, "reinhard", { size: 48, resize: "crop", reference }), {
    stain,
    reference,
  });
  const plain = await openPixelStore(dataset, { size: 48, cacheDirectory });
  const store = await openPixelStore(dataset, { size: 48, cacheDirectory, stain });
  const into = new Uint8Array(store.bytesPerImage);
  for (const name of dataset.tiles.map((tile) => tile.name)) {
    store.read([store.positionOf(name)], into);
    const preprocessing = { size: 48, resize: "crop", mean: [0, 0, 0], std: [1, 1, 1], stain } as const;
    assert.deepEqual(into, (await prepareImage(await readFile(image(name)), preprocessing)).pixels);
  }
  assert.notEqual(store.contentHash, plain.contentHash);
  store.close();
  plain.close();
  await assert.rejects(fitStainReference(dataset, "reinhard", { size: 48, resize: "crop", reference: "x" }), {
    code: "STAIN_REFERENCE_UNKNOWN",
  });
});

test("of images that are much reduced, packing advises a larger size: there are no training images to compare with", async (context) => {
  const { data, cacheDirectory } = await setOf(context, 3, 40);
  const store = await openPixelStore(await loadDataset(data), { size: 16, cacheDirectory });
  const [note = "", ...others] = imageNotes(store);
  assert.match(note, /^0\.png \(and 2 more\) is shrunk to less than half of its size.* --size/);
  assert.doesNotMatch(note, /training images|--tile/);
  assert.equal(others.length, 0);
  store.close();
});
