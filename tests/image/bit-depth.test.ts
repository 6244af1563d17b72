import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { decodePixels, prepareImage } from "../../src/image/index";
import { texture } from "../support/data-sets";
import { deepPng, twelveBitPng } from "../support/sixteen-bits";

const SIZE = 64;
const deep = (most: number) =>
  deepPng(
    Uint16Array.from({ length: SIZE * SIZE * 3 }, (_, i) => (i % 7) * (most / 6)),
    SIZE,
    SIZE,
  );

test("of 12-bit values in 16 bits the upper 8 of 12 are kept, grey ones too, and 8-bit files stay as they are", async () => {
  const pixels = texture(1, SIZE);
  const file = await twelveBitPng(pixels, SIZE, SIZE);
  const read = async (content: Buffer, bitDepth: number) =>
    Uint8Array.from((await decodePixels(content, {}, "a.png", { bitDepth })).data);
  assert.deepEqual(await read(file, 12), pixels);
  assert.deepEqual(
    await read(file, 16),
    pixels.map((value) => value >> 4),
  );
  const plain = await sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 3 } })
    .png()
    .toBuffer();
  assert.deepEqual(await read(plain, 12), pixels);
  const grey = sharp(Uint16Array.of(4095, 2048, 16, 15), { raw: { width: 4, height: 1, channels: 1 } });
  const greyFile = await grey.toColourspace("grey16").tiff({ compression: "lzw" }).toBuffer();
  assert.deepEqual([...(await read(greyFile, 12))], [255, 255, 255, 128, 128, 128, 1, 1, 1, 0, 0, 0]);
});

test("what cannot be values of so few bits is refused with the reason", async () => {
  const refused = (file: Buffer, message: RegExp) =>
    assert.rejects(decodePixels(file, {}, "a.png", { bitDepth: 12 }), { code: "IMAGE_UNSUPPORTED", message });
  await refused(await deep(65535), /^a\.png cannot be read as values of 12 bits: it has values up to 65535; leave/);
  const image = sharp(await twelveBitPng(texture(1, SIZE), SIZE, SIZE));
  await refused(await image.clone().toColourspace("rgb16").ensureAlpha(0.5).png().toBuffer(), /it has transparency/);
  await refused(await image.clone().toColourspace("rgb16").withIccProfile("p3").png().toBuffer(), /colour profile/);
});

test("few bits in 16 and strong shrinking are warned of", async () => {
  const warnings = async (most: number, size: number, bitDepth = 16) =>
    (await prepareImage(await deep(most), { size, resize: "crop", bitDepth })).warnings;
  assert.deepEqual(await warnings(4095, SIZE), ["low-bits"]);
  assert.deepEqual(await warnings(1023, SIZE), ["low-bits"]);
  // Of 8-bit values nothing is left in the upper byte.
  assert.deepEqual(await warnings(255, SIZE), ["low-bits"]);
  assert.deepEqual(await warnings(4095, SIZE, 12), []);
  assert.deepEqual(await warnings(0, SIZE), []);
  assert.deepEqual(await warnings(65535, 32), []);
  assert.deepEqual(await warnings(65535, 31), ["shrunk"]);
});
