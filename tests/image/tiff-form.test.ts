import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePixels } from "../../src/image/index";

/** A 4x2 TIFF of 8-bit samples without compression, every pixel alike; `tags` replace or add to the usual ones. */
function tiff(pixel: readonly number[], tags: Readonly<Record<number, readonly number[]>> = {}): Buffer {
  const [width, height] = [4, 2];
  const data = Buffer.from(Array.from({ length: width * height }, () => pixel).flat());
  const all: Record<number, readonly number[]> = {
    ...{ 256: [width], 257: [height], 258: pixel.map(() => 8), 259: [1], 262: [pixel.length < 3 ? 1 : 2] },
    ...{ 273: [8], 277: [pixel.length], 278: [height], 279: [data.length] },
    ...tags,
  };
  const entries = Object.entries(all).sort(([a], [b]) => Number(a) - Number(b));
  const start = 8 + data.length;
  let end = start + 2 + entries.length * 12 + 4;
  const directory = Buffer.alloc(2 + entries.length * 12 + 4);
  directory.writeUInt16LE(entries.length, 0);
  const outside: Buffer[] = [];
  for (const [i, [tag, values]] of entries.entries()) {
    const at = 2 + i * 12;
    directory.writeUInt16LE(Number(tag), at);
    directory.writeUInt16LE(3, at + 2);
    directory.writeUInt32LE(values.length, at + 4);
    const bytes = Buffer.from(Uint16Array.from(values).buffer);
    if (bytes.length <= 4) bytes.copy(directory, at + 8);
    else {
      directory.writeUInt32LE(end, at + 8);
      outside.push(bytes);
      end += bytes.length;
    }
  }
  const header = Buffer.from([0x49, 0x49, 42, 0, start & 255, start >> 8, 0, 0]);
  return Buffer.concat([header, data, directory, ...outside]);
}

const firstPixel = async (file: Buffer) => [...(await decodePixels(file)).data.subarray(0, 3)];

test("a sample beside the colours is transparency only where ExtraSamples says so", async () => {
  assert.deepEqual(await firstPixel(tiff([200, 100, 50])), [200, 100, 50]);
  assert.deepEqual(await firstPixel(tiff([200, 100, 50, 0], { 338: [0] })), [200, 100, 50]);
  assert.deepEqual(await firstPixel(tiff([200, 100, 50, 0])), [200, 100, 50]);
  assert.deepEqual(await firstPixel(tiff([90, 0], { 338: [0] })), [90, 90, 90]);
  assert.deepEqual(await firstPixel(tiff([200, 100, 50, 0], { 338: [2] })), [255, 255, 255]);
});

test("a form that is not read is named, with what to save instead, and not called damaged", async () => {
  const forms: [Buffer, RegExp][] = [
    [tiff([90, 128, 128], { 262: [6] }), /YCbCr colours and no JPEG compression.*RGB colours/],
    [tiff([1, 2, 3, 4, 5], { 338: [0, 0] }), /5 samples a pixel.*RGB/],
    [tiff([1, 2, 3], { 258: [12, 12, 12] }), /12 bits a sample.*8 or 16 bits/],
    [tiff([1, 2, 3], { 262: [8] }), /CIELAB colours/],
    [tiff([1, 2, 3], { 284: [2], 322: [16], 323: [16] }), /tiled with a plane for each colour/],
    ...([50000, 34925, 34887, 34712, 33005, 50002, 50001] as const).map((scheme): [Buffer, RegExp] => [
      tiff([1, 2, 3], { 259: [scheme] }),
      /compressed with .*PNG/,
    ]),
  ];
  for (const [file, message] of forms) {
    await assert.rejects(decodePixels(file, {}, "a.tif"), (error: Error & { code?: string }) => {
      assert.equal(error.code, "IMAGE_UNSUPPORTED");
      assert.match(error.message, message);
      return error.message.startsWith("a.tif is a TIFF ");
    });
  }
});

test("tags that lead nowhere are damage", async () => {
  const file = tiff([1, 2, 3]);
  file.writeUInt32LE(2 ** 31, 4);
  await assert.rejects(decodePixels(file), { code: "IMAGE_CORRUPT" });
});
