import assert from "node:assert/strict";
import { test } from "node:test";
import sharp, { type Sharp } from "sharp";
import { decodeImage, decodePixels, imageFormat } from "../../src/image/index";
import { texture, texturePng } from "../support/data-sets";

/** A 6x4 image of one colour. */
function plain(red: number, green: number, blue: number, alpha?: number): Sharp {
  const channels = alpha === undefined ? 3 : 4;
  const background = alpha === undefined ? { r: red, g: green, b: blue } : { r: red, g: green, b: blue, alpha };
  return sharp({ create: { width: 6, height: 4, channels, background } });
}

async function firstPixel(image: Sharp): Promise<number[]> {
  const { width, height, data } = await decodePixels(await image.toBuffer());
  assert.equal(data.length, width * height * 3);
  return [...data.subarray(0, 3)];
}

const near = (actual: readonly number[], expected: readonly number[], by: number) =>
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - (expected[i] as number)) <= by, `${actual} is not ${expected}`);
  });

test("lossless RGB comes through to the byte", async () => {
  const pixels = texture(1, 32);
  const raw = () => sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } });
  for (const file of [
    raw().png(),
    raw().tiff({ compression: "lzw" }),
    raw().tiff({ compression: "none" }),
    raw().webp({ lossless: true }),
  ]) {
    assert.deepEqual(new Uint8Array(await decodeImage(await file.toBuffer(), { size: 32, resize: "exact" })), pixels);
  }
});

test("grey, palette, alpha, 16 bits and CMYK become 8-bit RGB", async () => {
  near(await firstPixel(plain(90, 90, 90).toColourspace("b-w").png()), [90, 90, 90], 0);
  near(await firstPixel(plain(200, 100, 50).png({ palette: true })), [200, 100, 50], 1);
  near(await firstPixel(plain(200, 100, 50).toColourspace("rgb16").png()), [200, 100, 50], 0);
  near(await firstPixel(plain(200, 100, 50).toColourspace("rgb16").tiff()), [200, 100, 50], 0);
  near(await firstPixel(plain(200, 100, 50, 0.5).png()), [227, 177, 152], 1);
  near(await firstPixel(plain(200, 100, 50, 0).png()), [255, 255, 255], 0);
  near(await firstPixel(plain(200, 100, 50).toColourspace("cmyk").jpeg({ quality: 100 })), [200, 100, 50], 40);
});

test("a TIFF of floating-point numbers, whose scale nobody knows, is refused and not taken for black", async () => {
  const half = new Float32Array(4 * 4 * 3).fill(0.5);
  const raw = { width: 4, height: 4, channels: 3 } as const;
  const file = await sharp(half, { raw }).toColourspace("scrgb").tiff({ compression: "none" }).toBuffer();
  await assert.rejects(decodePixels(file, {}, "a.tif"), {
    code: "IMAGE_UNSUPPORTED",
    message: /^a\.tif is a TIFF of floating-point numbers.*8 or 16 bits/,
  });
});

test("EXIF orientation is applied", async () => {
  const turned = await plain(10, 20, 30).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const { width, height } = await decodePixels(turned);
  assert.deepEqual([width, height], [4, 6]);
});

test("another size: stretched, padded with white, cropped in the middle, or refused", async () => {
  const left = {
    input: { create: { width: 20, height: 20, channels: 3, background: "#ff0000" } },
    left: 0,
    top: 0,
  } as const;
  const wide = await sharp({ create: { width: 60, height: 20, channels: 3, background: "#0000ff" } })
    .composite([left])
    .png()
    .toBuffer();
  const corner = async (resize: "stretch" | "pad" | "crop") => {
    const pixels = await decodeImage(wide, { size: 20, resize });
    assert.equal(pixels.length, 20 * 20 * 3);
    return [...pixels.subarray(0, 3)];
  };
  assert.deepEqual(await corner("stretch"), [255, 0, 0]);
  assert.deepEqual(await corner("pad"), [255, 255, 255]);
  assert.deepEqual(await corner("crop"), [0, 0, 255]);
  await assert.rejects(decodeImage(wide, { size: 20, resize: "exact", name: "wide.png" }), {
    code: "IMAGE_SIZE",
    message: "wide.png has 60x20 pixels, but 20x20 are required.",
  });
});

test("files that are cut off are refused, wherever they are cut", async () => {
  const raw = sharp(texture(3, 64), { raw: { width: 64, height: 64, channels: 3 } });
  for (const file of [raw.png(), raw.jpeg(), raw.webp(), raw.tiff({ compression: "deflate" })]) {
    const bytes = await file.toBuffer();
    for (const share of [0.2, 0.5, 0.9, 0.99]) {
      await assert.rejects(decodePixels(bytes.subarray(0, bytes.length * share)), {
        code: "IMAGE_CORRUPT",
        exitStatus: 2,
      });
    }
  }
});

test("a TIFF with damaged deflate data is refused and not taken for black", async () => {
  const pixels = Uint8Array.from(texture(1, 64));
  const file = await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
    .tiff({ compression: "deflate" })
    .toBuffer();
  // The pixels lie behind the head of eight bytes.
  file.fill(0xaa, 12, 200);
  await assert.rejects(decodePixels(file), { code: "IMAGE_CORRUPT" });
});

test("damaged bytes give an error or pixels, never a crash", async () => {
  const bytes = await texturePng(4, 48);
  for (let at = 8; at < bytes.length; at += 97) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 0xff;
    const result = await decodePixels(damaged).catch((error) => error.code);
    assert.ok(typeof result === "string" ? result.startsWith("IMAGE_") : result.data.length > 0);
  }
});

test("what is no image, or too large, is refused by content and not by name", async () => {
  const refused = (content: string | Uint8Array, code: string, limits = {}) =>
    assert.rejects(decodeImage(Buffer.from(content), { size: 8, limits, name: "x.png" }), { code, message: /^x\.png/ });
  await refused("", "IMAGE_CORRUPT");
  await refused("hello", "IMAGE_UNSUPPORTED");
  await refused('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>', "IMAGE_UNSUPPORTED");
  await refused("%PDF-1.7", "IMAGE_UNSUPPORTED");
  await refused(await texturePng(1, 64), "IMAGE_TOO_LARGE", { pixels: 1000 });
  await refused(await texturePng(1, 64), "IMAGE_TOO_LARGE", { bytes: 100 });
  await assert.rejects(decodeImage("/nowhere/a.png", { size: 8 }), {
    code: "IMAGE_MISSING",
    message: /\/nowhere\/a\.png/,
  });
  await assert.rejects(decodeImage("/", { size: 8 }), { code: "IMAGE_UNSUPPORTED" });
  assert.equal(imageFormat(await plain(1, 2, 3).webp().toBuffer()), "webp");
});

test("the reason for a damaged file is said once, in a few words", async () => {
  const file = await plain(1, 2, 3).jpeg().toBuffer();
  const table = file.indexOf(Buffer.from([0xff, 0xc4]));
  file.fill(255, table + 5, table + 21);
  const message = await decodePixels(file, {}, "a.jpg").catch((error: Error) => error.message);
  assert.equal(message, "a.jpg is damaged or cut off (VipsJpeg: Bogus Huffman table definition).");
  const noise = Buffer.concat([Buffer.from("II*\0\b\0\0\0"), Buffer.alloc(60)]);
  await assert.rejects(decodePixels(noise, {}, "a.tif"), {
    code: "IMAGE_CORRUPT",
    message: /^a\.tif is damaged or cut off/,
  });
});

test("the reason for a damaged file is never that of another, which is decoded at the same time", async () => {
  const pixels = texture(1, 96);
  const raw = () => sharp(pixels, { raw: { width: 96, height: 96, channels: 3 } });
  const files = await Promise.all([raw().png().toBuffer(), raw().jpeg().toBuffer(), raw().webp().toBuffer()]);
  const names = ["a.png", "a.jpg", "a.webp"];
  const known = [/vipspng|libpng/, /VipsJpeg/, /webp/];
  for (let round = 0; round < 30; round++) {
    const messages = Array.from({ length: 12 }, async (_, i) => {
      const file = files[i % 3] as Buffer;
      const cut = decodePixels(file.subarray(0, file.length / 2), {}, names[i % 3]);
      return cut.then(String, (error: Error) => error.message);
    });
    for (const [i, message] of (await Promise.all(messages)).entries()) {
      assert.match(message, new RegExp(`^${names[i % 3]} is damaged or cut off`));
      for (const [other, words] of known.entries())
        if (other !== i % 3) assert.doesNotMatch(message.replace(/^\S+/, ""), words);
    }
  }
});
