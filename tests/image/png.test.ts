import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { decodePixels } from "../../src/image/index";
import { decodePlainPng } from "../../src/image/png";
import { Random } from "../../src/random/index";
import { sharedData, withoutSharedData } from "../support/shared-data";

const LIMIT = 2 ** 20;

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG whose rows are stored with the given filters, bytes being random: the decoder has to undo them. */
function pngOf(width: number, height: number, filters: readonly number[], extra: readonly Buffer[] = []): Buffer {
  const random = new Random(1, "png", width, height, ...filters);
  const header = Buffer.from("00000000000000000802000000", "hex");
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const rows = Buffer.from(Uint8Array.from({ length: height * (width * 3 + 1) }, () => random.integer(256)));
  for (let y = 0; y < height; y++) rows[y * (width * 3 + 1)] = filters[y % filters.length] as number;
  const data = deflateSync(rows);
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  const cut = Math.floor(data.length / 2);
  const parts = [chunk("IDAT", data.subarray(0, cut)), chunk("IDAT", data.subarray(cut))];
  return Buffer.concat([signature, chunk("IHDR", header), ...extra, ...parts, chunk("IEND", Buffer.alloc(0))]);
}

const bySharp = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer();

test("every filter is undone as by libpng, in the first row and in later ones", async () => {
  for (const filters of [[0], [1], [2], [3], [4], [0, 1, 2, 3, 4], [4, 3, 2, 1, 0]]) {
    for (const [width, height] of [
      [1, 1],
      [1, 7],
      [7, 1],
      [33, 21],
    ] as const) {
      const bytes = pngOf(width, height, filters);
      const image = await decodePlainPng(bytes, LIMIT);
      assert.deepEqual(await decodePlainPng(bytes, LIMIT, true), image);
      assert.deepEqual([image?.width, image?.height], [width, height]);
      assert.deepEqual(Buffer.from(image?.data ?? []), await bySharp(bytes), `filters ${filters}, ${width}x${height}`);
    }
  }
});

test("real tiles have the same pixels as by the general decoder", {
  skip: withoutSharedData("crc-tiles"),
}, async () => {
  const folder = join(sharedData("crc-tiles") as string, "images");
  for (const name of (await readdir(folder)).slice(0, 12)) {
    const bytes = await readFile(join(folder, name));
    const { data } = await decodePixels(bytes);
    assert.deepEqual(Buffer.from(data), await bySharp(bytes), name);
  }
});

test("whatever is not exactly right or could mean other pixels is left to the general decoder", async () => {
  const good = pngOf(8, 8, [1]);
  const flipped = Buffer.from(good);
  flipped[60] = (flipped[60] as number) ^ 1;
  const others = {
    "cut off": good.subarray(0, good.length - 20),
    "a wrong checksum": flipped,
    "an unknown filter": pngOf(8, 8, [5]),
    gamma: pngOf(8, 8, [1], [chunk("gAMA", Buffer.from([0, 0, 100, 0]))]),
    transparency: pngOf(8, 8, [1], [chunk("tRNS", Buffer.alloc(6))]),
    grey: await sharp(good).greyscale().toColourspace("b-w").png().toBuffer(),
    palette: await sharp(good).png({ palette: true }).toBuffer(),
    interlaced: await sharp(good).png({ progressive: true }).toBuffer(),
  };
  for (const [kind, bytes] of Object.entries(others)) assert.equal(await decodePlainPng(bytes, LIMIT), undefined, kind);
  assert.equal(await decodePlainPng(good, 63), undefined, "too many pixels");
  assert.ok(await decodePlainPng(good, 64));
});
