import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { decodePixels, type RgbImage } from "../../src/image/index";
import { openSlide, slideInfo } from "../../src/slide/open-slide";
import { cut, picture, type SlideForm, setTag, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

const open = async (path: string) => {
  const { reader } = await openSlide(path, () => Promise.reject(new Error("no picture")));
  return reader;
};

const REGIONS: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 40, 40],
  [50, 30, 100, 90],
  [63, 64, 1, 65],
  [280, 180, 80, 70],
  [-20, -10, 60, 60],
];

const forms: Readonly<Record<string, SlideForm>> = {
  plain: {},
  deflate: { deflate: true },
  "big-endian": { bigEndian: true },
  BigTIFF: { bigTiff: true, deflate: true },
  "big-endian BigTIFF": { bigTiff: true, bigEndian: true },
  "of one plane for each colour": { planar: true, deflate: true },
  "of 16 bits": { bits: 16, deflate: true },
  "of 16 bits, big-endian, planar": { bits: 16, planar: true, bigEndian: true },
  "with levels below the first page": { subPages: true },
};

for (const [name, form] of Object.entries(forms)) {
  test(`a region of a TIFF pyramid that is ${name} equals the part cut from the whole picture`, async (t) => {
    const directory = await temporaryDirectory(t);
    const whole = picture(330, 230);
    const levels = [whole, shrunk(whole, 2), shrunk(whole, 4)];
    const reader = await open(await writeSlide(join(directory, "slide.tif"), levels, form));
    t.after(() => reader.close());
    assert.deepEqual(
      reader.info.levels.map(({ width, height, downsample }) => [width, height, downsample]),
      [
        [330, 230, 1],
        [165, 115, 2],
        [82, 57, 4],
      ],
    );
    for (const [i, level] of levels.entries()) {
      const read = await reader.readRegions(
        i,
        REGIONS.map(([x, y, width, height]) => ({ x, y, width, height })),
      );
      for (const [k, region] of REGIONS.entries()) {
        assert.ok(!(read[k] instanceof Error));
        assert.deepEqual((read[k] as RgbImage).data, cut(level, ...region));
      }
    }
  });
}

for (const compression of ["jpeg", "webp", "lzw", "packbits"] as const) {
  test(`a region of a pyramid compressed with ${compression} has the pixels of the whole`, async (t) => {
    const directory = await temporaryDirectory(t);
    const { width, height, data } = picture(700, 500);
    const path = join(directory, "slide.tif");
    const options = { tile: true, tileWidth: 128, tileHeight: 128, pyramid: true, quality: 60, xres: 2000, yres: 2000 };
    await sharp(data, { raw: { width, height, channels: 3 } })
      .tiff({ ...options, compression })
      .toFile(path);
    const reader = await open(path);
    t.after(() => reader.close());
    // Not through the reader's own way: the library decodes the whole first page.
    const { data: expected } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    const [region] = await reader.readRegions(0, [{ x: 100, y: 60, width: 333, height: 222 }]);
    assert.ok(region && !(region instanceof Error));
    assert.deepEqual(region.data, cut({ width, height, data: expected }, 100, 60, 333, 222));
    assert.ok(reader.info.levels.length > 2);
  });
}

test("tiles that a file does not have are white, and their neighbours are as they are", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(200, 130);
  const path = await writeSlide(join(directory, "slide.tif"), [whole], { absent: [1, 4], deflate: true });
  const reader = await open(path);
  t.after(() => reader.close());
  const [region] = await reader.readRegions(0, [{ x: 0, y: 0, width: 200, height: 128 }]);
  const { data } = region as RgbImage;
  const at = (x: number, y: number) => [...data.subarray((y * 200 + x) * 3, (y * 200 + x) * 3 + 3)];
  assert.deepEqual(at(64, 0), [255, 255, 255]);
  assert.deepEqual(at(64, 127), [...cut(whole, 64, 127, 1, 1)]);
  assert.deepEqual(at(63, 0), [...cut(whole, 63, 0, 1, 1)]);
  assert.deepEqual(at(10, 70), [255, 255, 255]);
  assert.deepEqual(at(70, 70), [...cut(whole, 70, 70, 1, 1)]);
  assert.deepEqual(at(3 * 64 - 1, 63), [...cut(whole, 3 * 64 - 1, 63, 1, 1)]);
});

test("a damaged tile is an error for the regions on it and for no other", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(256, 64);
  const path = await writeSlide(join(directory, "slide.tif"), [whole], { deflate: true });
  const bytes = await readFile(path);
  // The first tile begins behind the file's head.
  bytes.fill(0xaa, 20, 200);
  await writeFile(path, bytes);
  const reader = await open(path);
  t.after(() => reader.close());
  const [first, second] = await reader.readRegions(0, [
    { x: 30, y: 0, width: 40, height: 30 },
    { x: 70, y: 0, width: 90, height: 30 },
  ]);
  assert.ok(first instanceof Error);
  assert.deepEqual((second as RgbImage).data, cut(whole, 70, 0, 90, 30));
});

test("micrometres come from Aperio's description, OME's XML or a plausible density", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(100, 80);
  const cases: [SlideForm, string, number | undefined, number | undefined][] = [
    [{ description: "Aperio Image Library v11\r\n100x80|AppMag = 40|MPP = 0.2498" }, "aperio", 0.2498, 40],
    [{ description: "Aperio Image Library v11\r\n100x80|MPP = 0,2498|Left = 25,3" }, "aperio", 0.2498, undefined],
    [{ description: "Aperio Image Library v11\r\n100x80|MPP = 2.498e-1" }, "aperio", 0.2498, undefined],
    [{ description: '<OME><Pixels PhysicalSizeX="499" PhysicalSizeXUnit="nm"/></OME>' }, "ome", 0.499, undefined],
    [{ description: '<OME><Pixels PhysicalSizeX="0.25"/></OME>' }, "ome", 0.25, undefined],
    [{ description: '<OME><Pixels PhysicalSizeX="0.25" PhysicalSizeY="0.2512"/></OME>' }, "ome", 0.25, undefined],
    [{ density: 40_000 }, "generic-tiff", 0.25, undefined],
    [{ density: 10 }, "generic-tiff", undefined, undefined],
  ];
  for (const [form, vendor, mpp, objective] of cases) {
    const info = await slideInfo(await writeSlide(join(directory, "slide.tif"), [whole], form));
    assert.equal(info.vendor, vendor);
    assert.equal(info.mpp === undefined ? undefined : Number(info.mpp.toFixed(6)), mpp);
    assert.equal(info.objective, objective);
    assert.equal(info.remarks.length, form.density === 10 ? 1 : 0);
  }
});

test("a scale that differs between rows and columns is none, and said", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(100, 80);
  const forms: SlideForm[] = [
    { density: 20_000, densityY: 10_000 },
    { description: '<OME><Pixels PhysicalSizeX="0.5" PhysicalSizeY="1"/></OME>' },
  ];
  for (const form of forms) {
    const { mpp, remarks } = await slideInfo(await writeSlide(join(directory, "slide.tif"), [whole], form));
    assert.equal(mpp, undefined);
    assert.deepEqual(remarks, ["its pixels are not square (0.5 x 1 micrometres)"]);
  }
});

test("an OME file with a page for each channel is refused, and one of several depths is read with a remark", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "slide.ome.tif");
  const described = (sizes: string) =>
    writeSlide(path, [picture(100, 80)], { description: `<OME><Pixels ${sizes}/></OME>` });
  await described('SizeC="4" SizeZ="1" SizeT="1"');
  await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message: /4 channels in pages of their own/ });
  await described('SizeC="3" SizeZ="7" SizeT="1"');
  assert.match((await slideInfo(path)).remarks.join(), /7 pictures at different depths/);
});

test("level 0 is the largest page, wherever it lies, and its scale is its own", async (t) => {
  const directory = await temporaryDirectory(t);
  const glass = picture(90, 70, 2);
  const whole = picture(300, 200);
  const pixels = ([width, height]: number[], mpp: number) =>
    `<Pixels SizeX="${width}" SizeY="${height}" PhysicalSizeX="${mpp}" PhysicalSizeY="${mpp}"/>`;
  const description = `<OME>${pixels([90, 70], 10)}${pixels([300, 200], 0.25)}</OME>`;
  const reader = await open(
    await writeSlide(join(directory, "slide.tif"), [glass, whole, shrunk(whole, 2)], { description }),
  );
  t.after(() => reader.close());
  assert.deepEqual(
    reader.info.levels.map(({ width, height }) => [width, height]),
    [
      [300, 200],
      [150, 100],
    ],
  );
  assert.equal(reader.info.mpp, 0.25);
  const [region] = await reader.readRegions(0, [{ x: 40, y: 30, width: 50, height: 60 }]);
  assert.deepEqual((region as RgbImage).data, cut(whole, 40, 30, 50, 60));
});

test("numbers that are no brightness are refused when the slide is opened, with what to do", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(100, 80)], { sampleFormat: 2 });
  const message = /is a TIFF of signed numbers, whose scale is not known, which is not read; save it with 8 or 16 bits/;
  await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message });
});

test("planes of colours other than RGB are refused, not taken for RGB", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(100, 80)], { planar: true });
  const [photometric, inks] = [262, 5];
  await setTag(path, 0, photometric, inks);
  const message = /a plane for each colour, other colours than RGB, which is not read; save it with RGB colours/;
  await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message });
});

test("smaller levels of a form that is not read are left out, so that no thumbnail is made of them", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(300, 200);
  const levels = [whole, shrunk(whole, 2), shrunk(whole, 4)];
  const path = await writeSlide(join(directory, "slide.tif"), levels);
  const [compression, zstandard] = [259, 50_000];
  await setTag(path, 1, compression, zstandard);
  const info = await slideInfo(path);
  assert.deepEqual(
    info.levels.map(({ downsample }) => downsample),
    [1, 4],
  );
  assert.match(info.remarks.join(), /smaller levels are missing, damaged or in a form that is not read/);
});

test("values that OpenSlide opens and cannot read are refused when the slide is opened", async (t) => {
  const directory = await temporaryDirectory(t);
  const [compression, samples, zstandard] = [259, 277, 50_000];
  const path = await writeSlide(join(directory, "slide.tif"), [picture(100, 80)], { sampleFormat: 3 });
  await setTag(path, 0, compression, zstandard);
  await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message: /floating-point numbers/ });
  await writeSlide(path, [picture(100, 80)]);
  await setTag(path, 0, compression, zstandard);
  await setTag(path, 0, samples, 5);
  await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message: /5 samples per pixel/ });
  await setTag(path, 0, samples, 2);
  await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message: /grey with a second channel/ });
});

test("16-bit grey that only OpenSlide would read, and read wrong, is refused", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(100, 80)], { bits: 16 });
  const [compression, samples, zstandard] = [259, 277, 50_000];
  await setTag(path, 0, compression, zstandard);
  await setTag(path, 0, samples, 1);
  await assert.rejects(slideInfo(path), {
    code: "SLIDE_UNSUPPORTED",
    message: /16-bit grey compressed with Zstandard/,
  });
});

test("a slide that is cut off, empty, or no file is refused with one line that says so", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(300, 200)], { bigTiff: true });
  const sharpPath = join(directory, "sharp.tif");
  const { width, height, data } = picture(300, 200);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .tiff({ tile: true, tileWidth: 64, tileHeight: 64 })
    .toFile(sharpPath);
  const size = (await readFile(path)).length;
  await truncate(path, size - 200);
  await assert.rejects(slideInfo(path), { code: "SLIDE_CORRUPT", exitStatus: 2 });
  await assert.rejects(slideInfo(join(directory, "none.svs")), { code: "SLIDE_MISSING" });
  await assert.rejects(slideInfo(directory), { code: "SLIDE_NOT_A_FILE" });
  await writeFile(path, "");
  await assert.rejects(slideInfo(path), { code: "SLIDE_CORRUPT" });
  await writeFile(path, Buffer.concat([Buffer.from("II*\0"), Buffer.alloc(40)]));
  await assert.rejects(slideInfo(path), { code: "SLIDE_CORRUPT", message: /it has no page/ });
  await writeFile(path, "no picture at all, only text");
  // Where OpenSlide is there, it does not know it either.
  await assert.rejects(slideInfo(path), { code: /^(SLIDE_UNSUPPORTED|OPENSLIDE_MISSING)$/ });
});

test("pixels that lie beyond the end of the file are missed before any is read", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(300, 200)]);
  const bytes = await readFile(path);
  // The page's tags first and the pixels behind them, as scanners write: here the whole file is put behind itself.
  const moved = Buffer.concat([bytes, bytes.subarray(16, 5000)]);
  const tags = await readFile(path);
  const page = tags.readUInt32LE(4);
  for (let entry = page + 2; entry < page + 2 + 12 * tags.readUInt16LE(page); entry += 12) {
    if (moved.readUInt16LE(entry) !== 324) continue;
    const at = moved.readUInt32LE(entry + 8);
    moved.writeUInt32LE(moved.length - 100, at);
  }
  await writeFile(path, moved);
  await assert.rejects(slideInfo(path), { code: "SLIDE_TRUNCATED", message: /of 20 tiles 1 lie beyond/ });
});

test("a level whose pixels are missing is left out and said", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(300, 200);
  const path = await writeSlide(join(directory, "slide.tif"), [whole, shrunk(whole, 2)], {});
  const bytes = await readFile(path);
  const base = bytes.readUInt32LE(4);
  // The pointer to the second page leads outside.
  bytes.writeUInt32LE(bytes.length + 100, base + 2 + 12 * bytes.readUInt16LE(base));
  await writeFile(path, bytes);
  const { levels, remarks } = await slideInfo(path);
  assert.equal(levels.length, 1);
  assert.match(remarks.join(), /smaller levels are missing/);
});

test("a picture without tiles is read as a pyramid with the same pixels", async (t) => {
  const directory = await temporaryDirectory(t);
  const { width, height, data } = picture(640, 420);
  const path = join(directory, "large.png");
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
  assert.deepEqual(
    (await slideInfo(path)).levels.map((level) => [level.width, level.height]),
    [[640, 420]],
  );
  const { reader, source } = await openSlide(path, async () => directory);
  t.after(() => reader.close());
  assert.notEqual(source.path, path);
  assert.ok(reader.info.levels.length > 1);
  const [region] = await reader.readRegions(0, [{ x: 200, y: 100, width: 300, height: 250 }]);
  assert.deepEqual((region as RgbImage).data, cut(await decodePixels(path), 200, 100, 300, 250));
});
