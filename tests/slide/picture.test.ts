import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import sharp, { type Sharp } from "sharp";
import { decodePixels, type RgbImage } from "../../src/image/index";
import { openSlide } from "../../src/slide/open-slide";
import { picture } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

const { width, height, data } = picture(300, 200);
const eight = () => sharp(data, { raw: { width, height, channels: 3 } });
const sixteen = () =>
  sharp(
    Uint16Array.from(data, (value) => 257 * value),
    { raw: { width, height, channels: 3 } },
  ).toColourspace("rgb16");
const transparent = () => {
  const values = Buffer.alloc(width * height * 4);
  for (let i = 0; i < width * height; i++) values.set([...data.subarray(3 * i, 3 * i + 3), (i * 7) % 256], 4 * i);
  return sharp(values, { raw: { width, height, channels: 4 } });
};

const forms: Readonly<Record<string, () => Sharp>> = {
  "plain.png": () => eight().png(),
  "palette.png": () => eight().png({ palette: true }),
  "grey.png": () => eight().toColourspace("b-w").png(),
  "grey16.png": () => sixteen().toColourspace("grey16").png(),
  "16.png": () => sixteen().png(),
  "transparent.png": () => transparent().png(),
  "transparent.webp": () => transparent().webp({ lossless: true }),
  "wide.png": () => eight().withIccProfile("p3").png(),
  "wide16.png": () => sixteen().withIccProfile("p3").png(),
  "wide.jpg": () => eight().withIccProfile("p3").jpeg(),
  "inks.jpg": () => eight().toColourspace("cmyk").jpeg(),
  "turned.jpg": () => eight().withMetadata({ orientation: 6 }).jpeg(),
};

for (const [name, make] of Object.entries(forms)) {
  test(`a picture (${name}) read as a slide has the pixels that it has as an image`, async (t) => {
    const directory = await temporaryDirectory(t);
    const path = join(directory, name);
    await make().toFile(path);
    const expected = await decodePixels(path);
    const { reader } = await openSlide(path, async () => directory);
    const region = { x: 0, y: 0, width: expected.width, height: expected.height };
    const [found] = await reader.readRegions(0, [region]);
    await reader.close();
    const pixels = (found as RgbImage).data;
    const most = expected.data.reduce((max, value, i) => Math.max(max, Math.abs(value - (pixels[i] as number))), 0);
    assert.ok(most <= 1, `${most}`);
  });
}
