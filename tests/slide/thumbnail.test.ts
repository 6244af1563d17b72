/** Where tissue is searched on slides that are damaged in part, and on those in strips. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { RgbImage } from "../../src/image/index";
import { predictSlide } from "../../src/slide/index";
import { thumbnailOf } from "../../src/slide/thumbnail";
import type { Rectangle, SlideReader } from "../../src/slide/types";
import { writeModel } from "../support/served-model";
import { picture, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

const whole = picture(640, 480);

/** Predicts a slide of these levels after one of its tiles, counted over all levels, was damaged. */
async function predictDamaged(t: TestContext, levels: readonly RgbImage[], damagedTile: number) {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), levels, { deflate: true });
  const model = await writeModel(join(directory, "model"), { size: 32 });
  const bytes = await readFile(path);
  bytes.fill(0xaa, ...(placesOfTiles(bytes)[damagedTile] as [number, number]));
  await writeFile(path, bytes);
  return predictSlide(path, { model, out: join(directory, "out"), mpp: 0.5, workers: 1 });
}

/** Where the tiles of all pages begin and end. */
function placesOfTiles(file: Buffer): [start: number, end: number][] {
  const places: [number, number][] = [];
  for (let page = file.readUInt32LE(4); page !== 0; ) {
    const count = file.readUInt16LE(page);
    const numbers = (tag: number) => {
      const entry = Array.from({ length: count }, (_, i) => page + 2 + 12 * i).find(
        (at) => file.readUInt16LE(at) === tag,
      );
      const [length, at] = [4, 8].map((place) => file.readUInt32LE((entry as number) + place)) as [number, number];
      return Array.from({ length }, (_, i) => file.readUInt32LE(at + 4 * i));
    };
    const lengths = numbers(325);
    places.push(...numbers(324).map((start, i): [number, number] => [start, start + (lengths[i] as number)]));
    page = file.readUInt32LE(page + 2 + 12 * count);
  }
  return places;
}

test("a damaged tile of the level where tissue is searched hides no tissue", async (t) => {
  const tilesOfLevel0 = 10 * 8;
  const { tissueTiles, failedTiles, remarks } = await predictDamaged(t, [whole, shrunk(whole, 2)], tilesOfLevel0 + 7);
  assert.deepEqual([tissueTiles, failedTiles], [20 * 15, 0]);
  assert.match(remarks.join(), /^a part of it cannot be read where tissue is searched; its tiles are predicted/);
});

test("tiles on a damaged part are counted, although nobody can see whether it is tissue", async (t) => {
  const { tissueTiles, failedTiles } = await predictDamaged(t, [whole], 12);
  assert.deepEqual([tissueTiles, failedTiles], [20 * 15, 4]);
});

/** A reader of one level that records what is read; it fails on what contains the point (700, 500). */
function recording(level: { tileWidth: number; tileHeight: number }, code?: string) {
  const reads: Rectangle[] = [];
  const [width, height] = [3000, 2000];
  const reader: SlideReader = {
    info: {
      ...{ path: "", vendor: "", reader: "tiff", remarks: [] },
      levels: [{ width, height, downsample: 1, ...level }],
    },
    async readRegions(_, regions) {
      reads.push(...regions);
      return regions.map(({ x, y, width, height }) => {
        const isDamaged = x <= 700 && 700 < x + width && y <= 500 && 500 < y + height;
        if (code !== undefined && isDamaged) return Object.assign(new Error("damaged"), { code });
        return { width, height, data: Buffer.alloc(width * height * 3, 100) };
      });
    },
    close: async () => undefined,
  };
  return { reader, reads };
}

test("strips are read from side to side, so that each is decoded once", async () => {
  const { reader, reads } = recording({ tileWidth: 3000, tileHeight: 1 });
  const { width, pixels } = await thumbnailOf(reader, 7);
  assert.equal(width, Math.ceil(3000 / 7));
  assert.ok(reads.every(({ x, width }) => x === 0 && width === 3000));
  assert.equal(
    reads.reduce((rows, { height }) => rows + height, 0),
    2000,
  );
  assert.ok(pixels.every((value) => value === 100));
});

test("a damaged part is as small as a tile of the file, and white", async () => {
  const { reader } = recording({ tileWidth: 256, tileHeight: 256 }, "IMAGE_CORRUPT");
  const { width, pixels, unread } = await thumbnailOf(reader, 8);
  const places = [...(unread as Uint8Array).keys()].filter((i) => (unread as Uint8Array)[i] === 1);
  const columns = [...new Set(places.map((i) => i % width))];
  const rows = [...new Set(places.map((i) => Math.floor(i / width)))];
  assert.deepEqual([columns[0], columns.length, rows[0], rows.length], [512 / 8, 32, 256 / 8, 32]);
  assert.ok(places.every((i) => pixels[3 * i] === 255));
  assert.equal(pixels.filter((value) => value === 255).length, 3 * places.length);
});

test("what has crashed a reader is not tried again in pieces", async () => {
  const { reader, reads } = recording({ tileWidth: 256, tileHeight: 256 }, "SLIDE_READER_CRASHED");
  const { unread } = await thumbnailOf(reader, 8);
  assert.equal(reads.length, 3 * 2);
  assert.equal(unread?.filter((value) => value === 1).length, 128 * 128);
});
