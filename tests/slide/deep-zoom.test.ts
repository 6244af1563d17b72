import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { pictureLevels, pictureTile, writeDeepZoom } from "../../src/slide/deep-zoom";
import { openSlideReader } from "../../src/slide/index";
import type { Rectangle, SlideReader } from "../../src/slide/types";
import { histoHere } from "../support/histo";
import { writeModel } from "../support/served-model";
import { picture, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

/** The mean of each channel, 0 to 255. */
const meanOf = async (input: string | sharp.Sharp) =>
  (await (typeof input === "string" ? sharp(input) : input).stats()).channels.map(({ mean }) => mean);

test("histo slide --dzi writes every level down to one pixel, each tile where it belongs", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(700, 520);
  const slide = await writeSlide(join(directory, "slide.tif"), [whole, shrunk(whole, 2)], { deflate: true });
  const model = await writeModel(join(directory, "model"));
  const out = join(directory, "out");
  const { status, stderr } = await histoHere(
    "slide",
    slide,
    "--model",
    model,
    "--mpp",
    "0.5",
    "--out",
    out,
    "--dzi",
    "--quiet",
  );
  assert.equal(status, 0, stderr);
  const text = await readFile(join(out, "slide.dzi"), "utf8");
  assert.match(text, /TileSize="256"><Size Width="700" Height="520"\/>/);
  const files = join(out, "slide_files");
  // 700 pixels are shrunk ten times until one is left.
  assert.deepEqual(
    (await readdir(files)).map(Number).sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.deepEqual(
    (await readdir(join(files, "10"))).sort(),
    ["0_0", "0_1", "0_2", "1_0", "1_1", "1_2", "2_0", "2_1", "2_2"].map((name) => `${name}.jpeg`),
  );
  const { width, height } = await sharp(join(files, "10", "2_2.jpeg")).metadata();
  assert.deepEqual([width, height], [700 - 512, 520 - 512]);
  const raw = { width: whole.width, height: whole.height, channels: 3 } as const;
  const expected = await meanOf(
    sharp(await sharp(whole.data, { raw }).extract({ left: 256, top: 256, width: 256, height: 256 }).png().toBuffer()),
  );
  const found = await meanOf(join(files, "10", "1_1.jpeg"));
  for (const [i, mean] of expected.entries()) assert.ok(Math.abs(mean - (found[i] as number)) < 2);
  const [all, pixel] = [await meanOf(sharp(whole.data, { raw })), await meanOf(join(files, "0", "0_0.jpeg"))];
  for (const [i, mean] of all.entries()) assert.ok(Math.abs(mean - (pixel[i] as number)) < 8, `${all} ${pixel}`);
});

test("an image that was interrupted is no image; what is finished is left alone", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(300, 200)]);
  const reader = await openSlideReader(path, directory);
  t.after(() => reader.close());
  const stopped = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(writeDeepZoom(directory, reader, "one", stopped), /stopped/);
  assert.ok(!(await readdir(directory)).includes("slide.dzi"));
  await writeDeepZoom(directory, reader, "one", new AbortController().signal);
  assert.deepEqual((await readdir(directory)).sort(), ["slide.dzi", "slide.tif", "slide_files"]);
  await writeDeepZoom(directory, reader, "one", stopped);
});

test("an image that was interrupted is continued, with the same bytes", async (t) => {
  const directory = await temporaryDirectory(t);
  const reader = await openSlideReader(await writeSlide(join(directory, "s.tif"), [picture(900, 700)]), directory);
  t.after(() => reader.close());
  const [whole, broken] = [join(directory, "whole"), join(directory, "broken")];
  await Promise.all([whole, broken].map((folder) => mkdir(folder)));
  await writeDeepZoom(whole, reader, "one", new AbortController().signal);
  let reads = 0;
  const stop = new AbortController();
  const counting = (most: number): SlideReader => ({
    info: reader.info,
    async readRegions(...asked) {
      if (++reads === most) stop.abort(new Error("stopped"));
      return reader.readRegions(...asked);
    },
    close: async () => undefined,
  });
  await assert.rejects(writeDeepZoom(broken, counting(6), "one", stop.signal), /stopped/);
  assert.ok(!(await readdir(broken)).includes("slide.dzi"));
  const before = reads;
  await writeDeepZoom(broken, counting(Number.POSITIVE_INFINITY), "one", new AbortController().signal);
  // Of the full size there are 12 tiles, of half of it 4.
  assert.equal(reads, 16, `${before} before`);
  const contents = async (folder: string) => {
    const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(dzi|jpeg)$/.test(name)).sort();
    return Promise.all(names.map(async (name) => [name, (await readFile(join(folder, name))).toString("hex")]));
  };
  assert.deepEqual(await contents(broken), await contents(whole));
  assert.deepEqual((await readdir(broken)).sort(), (await readdir(whole)).sort());
  assert.deepEqual(
    (await readdir(join(broken, "slide_files"))).sort(),
    (await readdir(join(whole, "slide_files"))).sort(),
  );
});

test("an image of another picture is replaced", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const [width, tiles] of [
    [300, 2],
    [200, 1],
  ] as const) {
    const reader = await openSlideReader(await writeSlide(join(directory, "s.tif"), [picture(width, 200)]), directory);
    await writeDeepZoom(directory, reader, `${width}`, new AbortController().signal);
    await reader.close();
    assert.match(await readFile(join(directory, "slide.dzi"), "utf8"), new RegExp(`Width="${width}"`));
    const finest = Math.max(...(await readdir(join(directory, "slide_files"))).map(Number));
    assert.equal((await readdir(join(directory, "slide_files", `${finest}`))).length, tiles);
  }
});

test("a viewer has no tiles that shrink a level so much that they would read a large part of the slide", () => {
  const levelsOf = (...downsamples: number[]) => {
    const levels = downsamples.map((downsample) => {
      const side = Math.round(65_536 / downsample);
      return { width: side, height: side, downsample, tileWidth: 256, tileHeight: 256 };
    });
    return pictureLevels({ path: "", vendor: "", reader: "tiff", levels, remarks: [] });
  };
  assert.equal(levelsOf(1, 4, 16), 8);
  assert.equal(levelsOf(1, 16, 256), 9);
  // From 1/16 on, each tile would be sixteen and more times as large in level 0.
  assert.equal(levelsOf(1, 128), 4);
});

/** A reader of levels of one colour; it fails on what contains a point of a level. */
function uniform(levels: SlideReader["info"]["levels"], code?: string, damaged?: readonly [x: number, y: number]) {
  const reads: Rectangle[] = [];
  const reader: SlideReader = {
    info: { path: "", vendor: "", reader: "tiff", levels, remarks: [] },
    async readRegions(level, regions) {
      reads.push(...regions);
      const { width: wide, height: tall } = levels[level] as (typeof levels)[number];
      return regions.map(({ x, y, width, height }) => {
        const [px, py] = damaged ?? [-1, -1];
        const isDamaged = x <= px && px < x + width && y <= py && py < y + height;
        if (isDamaged) return Object.assign(new Error("damaged"), { code });
        const data = Buffer.alloc(width * height * 3, 255);
        for (let i = 0; i < data.length; i++) {
          const at = Math.floor(i / 3);
          if (x + (at % width) < wide && y + Math.floor(at / width) < tall) data[i] = 100;
        }
        return { width, height, data };
      });
    },
    close: async () => undefined,
  };
  return { reader, reads };
}

const tiles = { tileWidth: 256, tileHeight: 256 };

test("a level of an odd number of pixels has no white at its edges, whichever way its levels were rounded", async () => {
  const base = { width: 1025, height: 701, downsample: 1, ...tiles };
  for (const levels of [
    [base],
    [base, { width: 512, height: 350, downsample: 2, ...tiles }],
    [base, { width: 513, height: 351, downsample: 2, ...tiles }],
  ]) {
    const { reader } = uniform(levels);
    for (let shrink = 0; shrink < pictureLevels(reader.info); shrink++) {
      for (let column = 0; ; column++) {
        const rows = Array.from({ length: Math.ceil(Math.ceil(701 / 2 ** shrink) / 256) }, (_, row) => row);
        const made = await Promise.all(rows.map((row) => pictureTile(reader, shrink, column, row)));
        if (made[0] === undefined) break;
        for (const tile of made) {
          const brightest = (await sharp(tile).stats()).channels.map(({ max }) => max);
          assert.ok(Math.max(...brightest) <= 104, `1:${2 ** shrink}, column ${column}: ${brightest}`);
        }
      }
    }
  }
});

test("only the damaged tile of the file is white in a tile of the picture", async () => {
  const level = { width: 2048, height: 2048, downsample: 1, ...tiles };
  const { reader } = uniform([level], "IMAGE_CORRUPT", [700, 300]);
  const { data, info } = await sharp(await pictureTile(reader, 2, 0, 0))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const valueAt = (x: number, y: number) => data[(y * info.width + x) * info.channels] as number;
  assert.deepEqual([valueAt(160, 96) > 245, valueAt(130, 66) > 245, valueAt(188, 124) > 245], [true, true, true]);
  for (const [x, y] of [
    [120, 96],
    [200, 96],
    [160, 56],
    [160, 136],
    [8, 8],
    [250, 250],
  ] as const) {
    assert.ok(Math.abs(valueAt(x, y) - 100) < 8, `${x}, ${y}: ${valueAt(x, y)}`);
  }
});

test("what has crashed a reader is white as a whole, and not tried again in pieces", async () => {
  const level = { width: 2048, height: 2048, downsample: 1, ...tiles };
  const { reader, reads } = uniform([level], "SLIDE_READER_CRASHED", [700, 300]);
  const { channels } = await sharp(await pictureTile(reader, 2, 0, 0)).stats();
  assert.ok(channels.every(({ min }) => min >= 254));
  assert.equal(reads.length, 1);
});
