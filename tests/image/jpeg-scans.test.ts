import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { decodePixels } from "../../src/image/index";
import { scansOf } from "../../src/image/limits";

const segment = (marker: number, ...content: number[]) => [0xff, marker, 0, content.length + 2, ...content];

/** A valid grey image of 8 x 8 pixels whose 63 coefficients come in fourteen scans each, with nothing in them. */
function manyScans(coefficients: number): Buffer {
  const table = (where: number, symbol: number) => segment(0xc4, where, 1, ...Array(15).fill(0), symbol);
  const scan = (first: number, high: number, low: number) => [
    ...segment(0xda, 1, 1, 0, first, first, (high << 4) | low),
    // The code 0: no difference of the mean, or the end of the block.
    0x7f,
  ];
  const scans = Array.from({ length: coefficients }, (_, i) =>
    Array.from({ length: 14 }, (_, bit) => scan(i + 1, bit === 0 ? 0 : 14 - bit, 13 - bit)).flat(),
  );
  return Buffer.from([
    ...[0xff, 0xd8],
    ...segment(0xdb, 0, ...Array(64).fill(1)),
    ...segment(0xc2, 8, 0, 8, 0, 8, 1, 1, 0x11, 0),
    ...[...table(0x00, 0), ...table(0x10, 0)],
    ...[...scan(0, 0, 0), ...scans.flat()],
    ...[0xff, 0xd9],
  ]);
}

test("a progressive JPEG of more scans than any program writes is refused before it is decoded", async () => {
  const few = manyScans(7);
  assert.equal(scansOf(few), 99);
  assert.deepEqual([...(await decodePixels(few)).data.slice(0, 3)], [128, 128, 128]);
  const many = manyScans(63);
  assert.equal(scansOf(many), 883);
  await assert.rejects(decodePixels(many), { code: "IMAGE_UNSUPPORTED", message: /progressive JPEG of more than 100/ });
});

test("scans with arithmetic coding are counted too", () => {
  const file = manyScans(63);
  file[file.indexOf(Buffer.from([0xff, 0xc2])) + 1] = 0xca;
  assert.equal(scansOf(file), 883);
});

test("usual files are read, whatever their other parts and their end contain", async () => {
  const raw = { width: 64, height: 64, channels: 3 as const };
  const noise = sharp(Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251)), { raw });
  const marks = Buffer.alloc(2000, Buffer.from([0xff, 0xda]));
  for (const progressive of [true, false]) {
    const file = await noise.jpeg({ progressive }).toBuffer();
    const scans = scansOf(file);
    assert.ok(progressive ? scans > 5 && scans < 20 : scans === 1, `${scans}`);
    const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0x07, 0xd2]), marks]);
    const longer = Buffer.concat([file.subarray(0, 2), comment, file.subarray(2), marks]);
    assert.equal(scansOf(longer), scans);
    assert.deepEqual((await decodePixels(longer)).data, (await decodePixels(file)).data);
    assert.equal(scansOf(file.subarray(0, 300)) <= scans, true);
  }
});
