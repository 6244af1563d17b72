import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import sharp from "sharp";
import type { RgbImage } from "../../src/image/index";
import { openSlide } from "../../src/slide/open-slide";
import { picture, setTag } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

const [width, height] = [200, 140];
const whole = picture(width, height);
const opaque = (i: number) => (i * 7) % 256;

/** A slide of WebP tiles of 128 pixels with a fourth sample, and the values in it. */
async function slide(t: TestContext) {
  const values = Buffer.alloc(width * height * 4);
  for (let i = 0; i < width * height; i++) values.set([...whole.data.subarray(3 * i, 3 * i + 3), opaque(i)], 4 * i);
  const path = join(await temporaryDirectory(t), "slide.tif");
  await sharp(values, { raw: { width, height, channels: 4 } })
    .tiff({ tile: true, tileWidth: 128, tileHeight: 128, compression: "webp", quality: 100 })
    .toFile(path);
  // What is stored, apart from how it is read here: the compression changes the colours a little.
  const stored = await sharp(path).ensureAlpha().raw().toBuffer();
  const read = async (w = width, h = height) => {
    const { reader } = await openSlide(path, () => Promise.reject(new Error("no picture")));
    const [region] = await reader.readRegions(0, [{ x: 0, y: 0, width: w, height: h }]);
    await reader.close();
    return region;
  };
  return { path, stored, read };
}

const EXTRA = 338;

test("the fourth sample of WebP tiles is what the page says: transparency of two kinds, or neither", async (t) => {
  const { path, stored, read } = await slide(t);
  const [other, premultiplied, transparency] = [0, 1, 2];
  const expected = {
    [other]: (value: number) => value,
    [premultiplied]: (value: number, alpha: number) => Math.min(255, value + 255 - alpha),
    [transparency]: (value: number, alpha: number) => Math.round((value * alpha + 255 * (255 - alpha)) / 255),
  };
  for (const [extra, of] of Object.entries(expected)) {
    await setTag(path, 0, EXTRA, Number(extra));
    const { data } = (await read()) as RgbImage;
    for (let i = 0; i < data.length; i++) {
      const [value, alpha] = [stored[4 * Math.floor(i / 3) + (i % 3)] as number, stored[4 * Math.floor(i / 3) + 3]];
      assert.ok(Math.abs((data[i] as number) - of(value, alpha as number)) <= 1, `${extra} at ${i}`);
    }
  }
});

test("a WebP tile of another size than the page says is damaged", async (t) => {
  const { path, read } = await slide(t);
  const tileWidth = 322;
  await setTag(path, 0, tileWidth, 144);
  const region = await read(20, 20);
  assert.ok(region instanceof Error);
  assert.match(region.message, /128 x 128 pixels instead of 144 x 128/);
});
