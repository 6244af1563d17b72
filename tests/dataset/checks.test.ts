import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import sharp, { type Sharp } from "sharp";
import {
  checkPixels,
  duplicateNotes,
  exactDuplicates,
  loadDataset,
  openPixelStore,
  type PixelChecks,
} from "../../src/dataset/index";
import { texture, texturePng, writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 64;

function image(seed: number): Sharp {
  return sharp(texture(seed, SIZE), { raw: { width: SIZE, height: SIZE, channels: 3 } });
}

async function open(context: TestContext, files: Record<string, Uint8Array>, rows: string[]) {
  const folder = await temporaryDirectory(context);
  const others = Object.fromEntries(
    await Promise.all([50, 51, 52, 53].map(async (seed) => [`${seed}.png`, await texturePng(seed, SIZE)])),
  );
  const table = [
    "image,label,partition",
    "50.png,HP,train",
    "51.png,SSA,train",
    "52.png,HP,test",
    "53.png,SSA,test",
    ...rows,
  ];
  await writeFiles(folder, { "labels.csv": table.join("\n"), ...others, ...files });
  const dataset = await loadDataset(folder);
  const store = await openPixelStore(dataset, { size: SIZE, cacheDirectory: join(folder, "cache") });
  context.after(() => store.close());
  return [dataset, store] as const;
}

async function check(...given: Parameters<typeof open>): Promise<PixelChecks> {
  return checkPixels(...(await open(...given)));
}

test("equal pixels in differently saved files, across partitions and with both labels", async (context) => {
  const files = {
    "a.png": await image(1).png().toBuffer(),
    "b.tif": await image(1).tiff({ compression: "lzw" }).toBuffer(),
  };
  const { duplicates } = await check(context, files, ["a.png,HP,train", "b.tif,SSA,test"]);
  assert.deepEqual(duplicates, {
    exact: [{ names: ["a.png", "b.tif"], acrossPartitions: true, labelConflict: true }],
    near: [],
    acrossPartitions: 1,
    labelConflicts: 1,
  });
});

test("equal pictures are noted if they are in several partitions or have both labels", async (context) => {
  const picture = await image(1).png().toBuffer();
  const notes = async (...rows: string[]) => {
    const files = Object.fromEntries(rows.map((row) => [row.split(",")[0], picture]));
    return duplicateNotes(exactDuplicates(...(await open(context, files, rows))));
  };
  assert.deepEqual(await notes("a.png,HP,train", "b.png,HP,train"), []);
  const [leak, ...others] = await notes("a.png,HP,train", "b.png,HP,test");
  assert.match(leak ?? "", /more than one partition.*: 1, such as "a.png", "b.png"/);
  assert.deepEqual(others, []);
  assert.match((await notes("a.png,HP,train", "b.png,SSA,train")).join(), /^Pictures that occur with both labels: 1/);
});

const views: Record<string, (image: Sharp) => Sharp> = {
  "saved as JPEG": (picture) => picture.jpeg({ quality: 60 }),
  "blurred a little": (picture) => picture.blur(1).png(),
  recoloured: (picture) => picture.modulate({ hue: 15, saturation: 0.8 }).png(),
  "turned by 90": (picture) => picture.rotate(90).png(),
  "turned by 180": (picture) => picture.rotate(180).png(),
  "turned by 270": (picture) => picture.rotate(270).png(),
  mirrored: (picture) => picture.flop().png(),
  "upside down": (picture) => picture.flip().png(),
};

for (const [what, change] of Object.entries(views)) {
  test(`the same tile ${what} is a near duplicate`, async (context) => {
    const files = { "a.png": await image(2).png().toBuffer(), "b.png": await change(image(2)).toBuffer() };
    const { near, exact } = (await check(context, files, ["a.png,HP,train", "b.png,HP,test"])).duplicates;
    assert.equal(exact.length, 0);
    assert.deepEqual(
      near.map(({ names, acrossPartitions }) => [names, acrossPartitions]),
      [[["a.png", "b.png"], true]],
    );
  });
}

test("blank tiles and tiles of another size are named; blank ones are no duplicates of each other", async (context) => {
  const blank = (grey: number) =>
    sharp({ create: { width: SIZE, height: SIZE, channels: 3, background: { r: grey, g: grey, b: grey } } })
      .png()
      .toBuffer();
  const files = {
    "white.png": await blank(245),
    "whiter.png": await blank(246),
    "large.png": await texturePng(9, 100),
  };
  const checks = await check(context, files, ["white.png,HP,train", "whiter.png,HP,train", "large.png,SSA,train"]);
  assert.deepEqual(checks.blank, ["white.png", "whiter.png"]);
  assert.deepEqual(checks.oddSizes, ["large.png"]);
  assert.deepEqual(checks.sizes, { "64x64": 6, "100x100": 1 });
  assert.deepEqual(checks.duplicates.near, []);
});
