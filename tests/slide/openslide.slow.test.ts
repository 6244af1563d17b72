import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import type { RgbImage } from "../../src/image/index";
import { fetchOpenSlide, slideInfo } from "../../src/slide/index";
import { findOpenSlide } from "../../src/slide/openslide/install";
import { OpenSlideReader } from "../../src/slide/openslide/openslide-reader";
import { ReaderProcess } from "../../src/slide/openslide/reader-process";
import { cut, picture, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

before(async () => {
  await fetchOpenSlide();
});

test("OpenSlide reads regions of every level as the project's own reader does", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(330, 230);
  const levels = [whole, shrunk(whole, 2)];
  const path = await writeSlide(join(directory, "slide.tif"), levels, { deflate: true, absent: [0] });
  const reader = await OpenSlideReader.open(path, "");
  t.after(() => reader.close());
  assert.deepEqual([reader.info.reader, reader.info.mpp, reader.info.levels.length], ["openslide", 0.5, 2]);
  for (const [i, level] of levels.entries()) {
    const [image] = await reader.readRegions(i, [{ x: 70, y: 65, width: 90, height: 50 }]);
    assert.deepEqual((image as RgbImage).data, cut(level, 70, 65, 90, 50));
  }
  // What the slide does not have is transparent there, and white here.
  const [absent] = await reader.readRegions(0, [{ x: 10, y: 10, width: 20, height: 20 }]);
  assert.ok((absent as RgbImage).data.every((value) => value === 255));
});

test("a crash of OpenSlide is an error of the region, and the next region is read", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(200, 150);
  const reader = await OpenSlideReader.open(await writeSlide(join(directory, "slide.tif"), [whole]), "");
  t.after(() => reader.close());
  const region = { x: 0, y: 0, width: 50, height: 50 };
  const reading = reader.readRegions(0, [region, region]);
  process.kill(reader.pid as number, "SIGSEGV");
  const [first, second] = await reading;
  assert.ok(first instanceof Error);
  assert.match(first.message, /has crashed on it \(SIGSEGV\)/);
  assert.deepEqual((second as RgbImage).data, cut(whole, 0, 0, 50, 50));
});

test("what OpenSlide does not know, and a library that is none, are one clear line", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "notes.ndpi");
  await writeFile(path, "these are not pixels");
  await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message: /no format that OpenSlide knows/ });
  const { program } = (await findOpenSlide())!;
  await assert.rejects(ReaderProcess.start({ program, library: path }, path), /the library cannot be used/);
});
