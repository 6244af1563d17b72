import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { projectRoot } from "../../src/files/index";
import type { RgbImage } from "../../src/image/index";
import { encodePng } from "../../src/image/with-sharp";
import { Predictor } from "../../src/inference/index";
import { fetchOpenSlide, predictSlide, slideInfo } from "../../src/slide/index";
import { findOpenSlide } from "../../src/slide/openslide/install";
import { OpenSlideReader } from "../../src/slide/openslide/openslide-reader";
import { ReaderProcess } from "../../src/slide/openslide/reader-process";
import { writeModel } from "../support/served-model";
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

test("levels whose size is no part of level 0's are read where they are, also far from the corner", async (t) => {
  const path = join(await temporaryDirectory(t), "slide.tif");
  // 2.0134 times smaller: with a factor of 2, pixels far from the corner lay half a pixel off.
  const half = picture(149, 149);
  const reader = await OpenSlideReader.open(await writeSlide(path, [picture(300, 300), half]), "");
  t.after(() => reader.close());
  const [found] = await reader.readRegions(1, [{ x: 99, y: 120, width: 40, height: 20 }]);
  const expected = cut(half, 99, 120, 40, 20);
  const { data } = found as RgbImage;
  // OpenSlide takes whole pixels of level 0 only, and interpolates between those of the level.
  const mean = data.reduce((sum, value, i) => sum + Math.abs(value - (expected[i] as number)), 0) / data.length;
  assert.ok(mean < 3, `${mean}`);
});

test("the colour profile that OpenSlide finds is the file's", async (t) => {
  const directory = await temporaryDirectory(t);
  const pixel = sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } });
  const { icc } = await sharp(await pixel.withIccProfile("p3").png().toBuffer()).metadata();
  const profile = icc as Buffer;
  for (const [form, expected] of [
    [{ profile }, profile],
    [{}, undefined],
  ] as const) {
    const reader = await OpenSlideReader.open(await writeSlide(join(directory, "s.tif"), [picture(99, 99)], form), "");
    assert.deepEqual(reader.profile, expected);
    await reader.close();
  }
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

/** OpenSlide's functions, of which one never returns. */
const HANGING_LIBRARY = `
#include <cstdint>
#include <unistd.h>
extern "C" {
void* openslide_open(const char*) { static int slide; return &slide; }
void openslide_close(void*) {}
const char* openslide_get_error(void*) { return nullptr; }
int32_t openslide_get_level_count(void*) { return 1; }
void openslide_get_level_dimensions(void*, int32_t, int64_t* width, int64_t* height) { *width = *height = 64; }
double openslide_get_level_downsample(void*, int32_t) { return 1; }
const char* const* openslide_get_property_names(void*) { return nullptr; }
const char* openslide_get_property_value(void*, const char*) { return nullptr; }
void openslide_read_region(void*, uint32_t*, int64_t, int64_t, int32_t, int64_t, int64_t) { for (;;) pause(); }
int64_t openslide_get_icc_profile_size(void*) { return 0; }
void openslide_read_icc_profile(void*, void*) {}
}
`;

test("a read that hangs does not outlive the process that asked for it", async (t) => {
  const directory = await temporaryDirectory(t);
  const library = join(directory, "hanging.so");
  execFileSync(process.env.CXX ?? "c++", ["-shared", "-fPIC", "-x", "c++", "-", "-o", library], {
    input: HANGING_LIBRARY,
  });
  const { program } = (await findOpenSlide())!;
  const code = `
    const { ReaderProcess } = require(${JSON.stringify(join(projectRoot(), "dist/src/slide/openslide/reader-process.js"))});
    ReaderProcess.start(${JSON.stringify({ program, library })}, "slide").then(({ process: reader }) => {
      reader.region({ level: 0, x: 0, y: 0, width: 4, height: 4 });
      setTimeout(() => console.log(reader.pid), 200);
    });`;
  const parent = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [printed] = (await once(parent.stdout, "data")) as [Buffer];
  const reader = Number(printed.toString());
  process.kill(reader, 0);
  parent.kill("SIGKILL");
  // In a container nobody may ask about it, so that its entry stays, without a command line.
  const isThere = async () => (await readFile(`/proc/${reader}/cmdline`, "utf8").catch(() => "")) !== "";
  for (let i = 0; i < 100 && (await isThere()); i++) await sleep(20);
  assert.equal(await isThere(), false);
});

/** The description of a Leica slide of half a micrometre a pixel whose one area lies in the middle of the glass. */
function leicaDescription(glass: readonly number[], corner: readonly number[], sizes: readonly (readonly number[])[]) {
  const nanometres = (pixels: readonly number[], names: readonly string[]) =>
    names.map((name, i) => `${name}="${500 * (pixels[i] as number)}"`).join(" ");
  const [size] = sizes as [readonly number[]];
  const dimensions = sizes.map(([x, y], i) => `<dimension sizeX="${x}" sizeY="${y}" r="${i}" ifd="${i}"/>`);
  return [
    '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">',
    `<collection name="slide" ${nanometres(glass, ["sizeX", "sizeY"])}><barcode></barcode><image name="area">`,
    '<creationDate>2020-01-01T00:00:00Z</creationDate><device model="Leica SCN400" version="1"/>',
    `<pixels sizeX="${size[0]}" sizeY="${size[1]}">${dimensions.join("")}</pixels>`,
    `<view ${nanometres([...size, ...corner], ["sizeX", "sizeY", "offsetX", "offsetY"])} spacingZ="0"/>`,
    "<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings><illuminationSettings>",
    "<numericalAperture>0.4</numericalAperture><illuminationSource>brightfield</illuminationSource>",
    "</illuminationSettings></scanSettings></image></collection></scn>",
  ].join("");
}

test("a slide that QuPath shows cropped has its GeoJSON in that frame, and both frames in tiles.csv", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(320, 192);
  const levels = [whole, shrunk(whole, 2)];
  const [left, top] = [1000, 600] as const;
  const sizes = levels.map(({ width, height }) => [width, height]);
  const description = leicaDescription([2400, 1600], [left, top], sizes);
  const path = await writeSlide(join(directory, "slide.scn"), levels, { bigTiff: true, deflate: true, description });
  const info = await slideInfo(path);
  assert.deepEqual([info.vendor, info.mpp, info.objective], ["leica", 0.5, 20]);
  assert.deepEqual(info.bounds, { x: left, y: top, width: 320, height: 192 });
  const model = await writeModel(join(directory, "model"));
  const predictor = await Predictor.open(model);
  t.after(() => predictor.close());
  for (const [frame, x, y] of [
    ["qupath", left, top],
    ["slide", 0, 0],
  ] as const) {
    const out = join(directory, frame);
    const { tissueTiles } = await predictSlide(path, { model, out, mpp: 0.5, workers: 1, frame });
    const rows = parse(await readFile(join(out, "tiles.csv")), { columns: true }) as Record<string, string>[];
    const { features } = JSON.parse(await readFile(join(out, "tiles.geojson"), "utf8"));
    assert.ok(tissueTiles >= 60 && rows.length === tissueTiles && features.length === tissueTiles);
    for (const [i, row] of rows.entries()) {
      assert.deepEqual([Number(row.qupath_x), Number(row.qupath_y)], [Number(row.x) - left, Number(row.y) - top]);
      const [corner] = features[i].geometry.coordinates[0];
      assert.deepEqual(corner, [Number(row.x) - x, Number(row.y) - y]);
    }
    // The tile's pixels are those at its place in the area: neither frame moves what is read.
    const row = rows[33] as Record<string, string>;
    const pixels = cut(whole, Number(row.qupath_x), Number(row.qupath_y), 32, 32);
    const { logit } = await predictor.predict(await encodePng(pixels, 32, 32));
    assert.ok(Math.abs(Number(row.logit) - logit) < 1e-4);
  }
});
