import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { decodePixels } from "../../src/image/index";
import { texture } from "../support/data-sets";

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
    const isText = Number(tag) === 270;
    directory.writeUInt16LE(isText ? 2 : 3, at + 2);
    directory.writeUInt32LE(values.length, at + 4);
    const bytes = isText ? Buffer.from([...values]) : Buffer.from(Uint16Array.from(values).buffer);
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

/** The file with its page a second time, of another width. */
function twoPages(file: Buffer, width: number, place = file.length): Buffer {
  const start = file.readUInt32LE(4);
  const end = start + 2 + file.readUInt16LE(start) * 12;
  const [all, page] = [Buffer.from(file), Buffer.from(file.subarray(start, end + 4))];
  all.writeUInt32LE(place, end);
  page.writeUInt16LE(width, 10);
  return Buffer.concat([all, page]);
}

const firstPixel = async (file: Buffer) => [...(await decodePixels(file)).data.subarray(0, 3)];

test("a sample beside the colours is transparency only where ExtraSamples says so", async () => {
  assert.deepEqual(await firstPixel(tiff([200, 100, 50])), [200, 100, 50]);
  assert.deepEqual(await firstPixel(tiff([200, 100, 50, 0], { 338: [0] })), [200, 100, 50]);
  assert.deepEqual(await firstPixel(tiff([200, 100, 50, 0])), [200, 100, 50]);
  assert.deepEqual(await firstPixel(tiff([90, 0], { 338: [0] })), [90, 90, 90]);
  assert.deepEqual(await firstPixel(tiff([200, 100, 50, 0], { 338: [2] })), [255, 255, 255]);
});

test("of several pages the first is the image, except of grey ones of one size, which may be its channels", async () => {
  assert.deepEqual(await firstPixel(twoPages(tiff([200, 100, 50]), 4)), [200, 100, 50]);
  assert.deepEqual(await firstPixel(twoPages(tiff([90]), 2)), [90, 90, 90]);
  await assert.rejects(firstPixel(twoPages(tiff([90]), 4)), {
    code: "IMAGE_UNSUPPORTED",
    message: /a TIFF of several grey pages of one size, .* RGB colours/,
  });
});

test("depths and times of one channel are no channels, where the description says so", async () => {
  const described = (text: string) => twoPages(tiff([90], { 270: [...Buffer.from(`${text}\0`)] }), 4);
  for (const text of [
    "ImageJ=1.54f\nimages=2\nslices=2\nloop=false\n",
    "ImageJ=1.54f\nimages=2\nframes=2\n",
    '<OME><Image><Pixels SizeC="1" SizeT="1" SizeZ="2"/></Image></OME>',
  ])
    assert.deepEqual(await firstPixel(described(text)), [90, 90, 90], text);
  for (const text of [
    "ImageJ=1.54f\nimages=2\nchannels=2\nmode=composite\n",
    "ImageJ=1.54f\nimages=4\nchannels=2\nslices=2\n",
    "ImageJ=1.54f\nimages=3\nslices=3\n",
    '<OME><Image><Pixels SizeC="2" SizeT="1" SizeZ="1"/></Image></OME>',
    '{"shape": [2, 2, 4]}',
  ])
    await assert.rejects(firstPixel(described(text)), { code: "IMAGE_UNSUPPORTED" }, text);
});

test("a page that is followed by itself is one page", async () => {
  const grey = tiff([90]);
  assert.deepEqual(await firstPixel(twoPages(grey, 4, grey.readUInt32LE(4))), [90, 90, 90]);
});

test("CMYK without a profile is converted ink by ink, of 8 and of 16 bits", async () => {
  assert.deepEqual(await firstPixel(tiff([10, 100, 200, 50], { 262: [5] })), [197, 125, 44]);
  const deep = [10, 10, 100, 100, 200, 200, 50, 50];
  const tags = { 258: [16, 16, 16, 16], 262: [5], 277: [4] };
  assert.deepEqual(await firstPixel(tiff(deep, tags)), [197, 125, 44]);
});

test("a form that is not read is named, with what to save instead, and not called damaged", async () => {
  const forms: [Buffer, RegExp][] = [
    [tiff([90, 128, 128], { 262: [6] }), /YCbCr colours and no JPEG compression.*RGB colours/],
    [tiff([1, 2, 3, 4, 5], { 338: [0, 0] }), /5 samples per pixel.*RGB/],
    [tiff([1, 2, 3], { 258: [12, 12, 12] }), /12 bits per sample.*8 or 16 bits/],
    [tiff([1, 2, 3], { 262: [8] }), /CIELAB colours/],
    [tiff([1, 2, 3], { 284: [2], 322: [16], 323: [16] }), /tiled with a plane for each colour/],
    [tiff([1, 2], { 284: [2], 338: [0] }), /grey with a second channel in a plane of its own.*interleaved channels/],
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

test("what the decoder would take for something else is refused: numbers, colours and compressions that are not known", async () => {
  const forms: [Buffer, RegExp][] = [
    // Tiles that are compressed in ways that it does not know come out as noise.
    [tiff([1, 2, 3], { 259: [34933], 322: [16], 323: [16] }), /compressed with PNG/],
    [tiff([1, 2, 3], { 259: [12345] }), /compressed with a scheme of number 12345/],
    [tiff([1, 2, 3], { 339: [2, 2, 2] }), /of signed numbers, whose scale is not known.*8 or 16 bits/],
    [tiff([1, 2, 3], { 339: [6, 6, 6], 258: [64, 64, 64] }), /of complex numbers/],
    [tiff([1, 2, 3], { 258: [4, 4, 4] }), /of 4 bits per sample/],
    [tiff([1, 2, 3], { 258: [8, 8, 16] }), /of 16 bits per sample/],
    [tiff([1], { 262: [32803] }), /with a colour filter array/],
    [tiff([1, 2, 3], { 262: [34892] }), /of colours of the kind 34892/],
    [tiff([1], { 262: [4], 258: [1] }), /as a mask/],
  ];
  for (const [file, message] of forms) await assert.rejects(decodePixels(file), { code: "IMAGE_UNSUPPORTED", message });
});

test("of a damaged TIFF every reason is said once", async () => {
  const pixels = texture(2, 128);
  const tiles = sharp(pixels, { raw: { width: 128, height: 128, channels: 3 } });
  for (const compression of ["lzw", "deflate", "jpeg"] as const) {
    const file = await tiles.clone().tiff({ compression, tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer();
    for (let at = 8; at < file.length - 4000; at += 7) file[at] = 255;
    await assert.rejects(decodePixels(file, {}, "a.tif"), (error: Error) => {
      assert.match(error.message, /^a\.tif is damaged or cut off \(.+\)\.$/);
      const reasons = error.message.slice(error.message.indexOf("(") + 1, -2).split("; ");
      assert.deepEqual(reasons, [...new Set(reasons)]);
      return true;
    });
  }
});

test("a damaged tile of a TIFF is an error, an unknown tag of a tiled one is not", async () => {
  const pixels = texture(3, 64);
  const tiles = sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } });
  const file = await tiles.tiff({ compression: "lzw", tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer();
  const damaged = Buffer.from(file);
  damaged.fill(255, 600, 640);
  await assert.rejects(decodePixels(damaged), { code: "IMAGE_CORRUPT" });
  // Of two tags that libvips writes, one becomes a tag that nobody knows.
  const resolution = file.indexOf(Buffer.from([0x28, 0x01, 3, 0]));
  file.writeUInt16LE(0x12a, resolution);
  assert.deepEqual(Uint8Array.from((await decodePixels(file)).data), pixels);
});
