/** @module The pixels of a slide are those that tifffile and OpenSlide's Python read, in every form that is read here. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { HistoError } from "../../src/errors/index";
import { decodePixels, type RgbImage } from "../../src/image/index";
import { fetchOpenSlide, findSlides, openSlideReader, slideInfo } from "../../src/slide/index";
import { sharedData } from "../support/shared-data";
import { cut, picture } from "../support/slide-files";
import { fetchTestSlides, readByPeers } from "../support/slide-peers";
import { temporaryDirectory } from "../support/temporary-directory";

before(async () => {
  await fetchOpenSlide();
});

/** Real tiles side by side where they are at hand, else a drawn picture. */
async function tissue(width: number, height: number): Promise<RgbImage> {
  const whole = picture(width, height);
  const folder = sharedData("crc-tiles");
  if (!folder) return whole;
  const rows = (await readFile(join(folder, "labels.csv"), "utf8")).trim().split("\n").slice(1);
  for (const [i, row] of rows.entries()) {
    const tile = await decodePixels(await readFile(join(folder, "images", row.split(",")[0] as string)));
    const [left, top] = [(i % 4) * tile.width, Math.floor(i / 4) * tile.height];
    for (let y = 0; y < tile.height && top + y < height; y++) {
      const line = tile.data.subarray(y * tile.width * 3, (y * tile.width + Math.min(tile.width, width - left)) * 3);
      if (left < width) whole.data.set(line, ((top + y) * width + left) * 3);
    }
  }
  return whole;
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

async function readOurs(
  path: string,
  [x, y, width, height]: readonly [number, number, number, number],
  folder: string,
) {
  const reader = await openSlideReader(path, folder);
  try {
    const [image] = await reader.readRegions(0, [{ x, y, width, height }]);
    if (!image || image instanceof Error) throw image;
    return image.data;
  } finally {
    await reader.close();
  }
}

test("pixels are those of tifffile and of OpenSlide's Python, as far as these two agree", async (t) => {
  const folder = await temporaryDirectory(t);
  const { width, height, data } = await tissue(500, 400);
  const path = join(folder, "picture.raw");
  await writeFile(path, data);
  const readings = readByPeers({ folder, picture: { path, width, height }, slides: [] });
  assert.ok(readings.length >= 20);
  for (const { name, path, region, tifffile, openslide } of readings) {
    const ours = await readOurs(path, region, folder);
    const peers = [tifffile, openslide].flatMap((file) => file ?? []);
    const pixels = await Promise.all(peers.map((file) => readFile(file)));
    assert.ok(pixels.length > 0, name);
    const apart = pixels.length === 2 ? largestDifference(pixels[0] as Buffer, pixels[1] as Buffer) : 0;
    for (const peer of pixels) {
      assert.ok(largestDifference(ours, peer) <= apart, `${name}: ${largestDifference(ours, peer)}, peers ${apart}`);
    }
    const lossless = !/JPEG|OME|transparency/.test(name);
    if (lossless) assert.deepEqual(ours, cut({ width, height, data }, ...region), name);
  }
});

test("pixels of OpenSlide's own test slides are those that its Python reads, and the broken ones are refused", async (t) => {
  const folder = await temporaryDirectory(t);
  const slides = fetchTestSlides(folder);
  if (!slides) return t.skip("openslide-python's source package cannot be fetched here");
  await writeFile(join(folder, "picture.raw"), picture(500, 400).data);
  const names = ["boxes.tiff", "small.svs", "boxes_0.dcm"];
  const readings = readByPeers({
    folder,
    picture: { path: join(folder, "picture.raw"), width: 500, height: 400 },
    slides: names.map((name) => join(slides, name)),
  }).filter(({ name }) => names.includes(name));
  assert.equal(readings.length, names.length);
  for (const { name, path, region, openslide } of readings) {
    const ours = await readOurs(path, region, folder);
    assert.ok(largestDifference(ours, await readFile(openslide as string)) <= 1, name);
  }
  // Two files of one series are one slide, from whichever it is opened.
  const series = (await findSlides([slides])).slides.filter(({ name }) => name.endsWith(".dcm"));
  assert.deepEqual(
    series.map(({ name }) => name),
    ["boxes_0.dcm"],
  );
  const { path: _, ...zero } = await slideInfo(join(slides, "boxes_0.dcm"));
  const { path: __, ...one } = await slideInfo(join(slides, "boxes_1.dcm"));
  assert.deepEqual(one, zero);
  await assert.rejects(slideInfo(join(slides, "unopenable.tiff")), HistoError);
  // It opens, and has no pixels that can be read.
  await assert.rejects(readOurs(join(slides, "unreadable.svs"), [0, 0, 10, 10], folder), HistoError);
});
