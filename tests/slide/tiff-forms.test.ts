/** TIFF files of few pixels and unusual tags, written tag by tag. */
import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import sharp from "sharp";
import { decodePixels, type RgbImage } from "../../src/image/index";
import { slideInfo } from "../../src/slide/index";
import { openSlide } from "../../src/slide/open-slide";
import { type TiffEntry, tiffFile } from "../../src/slide/tiff/write-tiff";
import { picture, setTag, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

const TILE = 16;
const pixels = Buffer.from(picture(TILE, TILE).data);

/** A slide of one tile of RGB. */
async function slideWith(t: TestContext, ...more: readonly TiffEntry[]): Promise<string> {
  const entries: TiffEntry[] = [
    [256, 4, [TILE]],
    [257, 4, [TILE]],
    [258, 3, [8, 8, 8]],
    [259, 3, [1]],
    [262, 3, [2]],
    [277, 3, [3]],
    [284, 3, [1]],
    [322, 4, [TILE]],
    [323, 4, [TILE]],
    ...more,
  ];
  const path = join(await temporaryDirectory(t), "slide.tif");
  await writeFile(path, tiffFile(entries, [pixels], { little: true, tiled: true }));
  return path;
}

const bytes = (text: string) => Buffer.from(`${text}\0`);

async function read(path: string): Promise<RgbImage> {
  const { reader } = await openSlide(path, () => Promise.reject(new Error("no picture")));
  const { width, height } = reader.info.levels[0] as { width: number; height: number };
  const [region] = await reader.readRegions(0, [{ x: 0, y: 0, width, height }]);
  await reader.close();
  if (region instanceof Error) throw region;
  return region as RgbImage;
}

test("formats whose tiles overlap are left to OpenSlide", async (t) => {
  for (const [entry, name] of [
    [[700, 7, bytes('<?xml version="1.0"?><iScan Mode="Brightfield"/>')], "Ventana"],
    [[305, 7, bytes("MedScan 1.0")], "Trestle"],
  ] as const) {
    const reader = await slideInfo(await slideWith(t, entry)).then(
      (info) => info.reader,
      (error: Error & { code: string }) => {
        // Where OpenSlide is there, it may need more than this tag.
        const isMissing = error.code === "OPENSLIDE_MISSING" && error.message.includes(name);
        assert.ok(isMissing || error.code === "SLIDE_UNSUPPORTED", error.message);
        return "openslide";
      },
    );
    assert.equal(reader, "openslide");
  }
});

test("the order of the bits in a byte is that of the file", async (t) => {
  const path = await slideWith(t, [266, 3, [2]]);
  assert.deepEqual((await read(path)).data, (await decodePixels(path)).data);
  assert.notDeepEqual((await read(path)).data, pixels);
});

test("a file with more pages below a page than any has, or with longer tags, is damaged, and this is found at once", async (t) => {
  const started = performance.now();
  const pages = Array(200_000).fill(8);
  await assert.rejects(slideInfo(await slideWith(t, [330, 4, pages])), {
    code: "SLIDE_CORRUPT",
    message: /too many pages/,
  });
  const palette = Array(300_000).fill(0);
  await assert.rejects(slideInfo(await slideWith(t, [320, 4, palette])), {
    code: "SLIDE_CORRUPT",
    message: /too long/,
  });
  const unclosed = bytes(`<OME>${"<Pixels ".repeat(200_000)}`);
  assert.equal((await slideInfo(await slideWith(t, [270, 7, unclosed]))).vendor, "ome");
  assert.ok(performance.now() - started < 3000, `${performance.now() - started}`);
});

test("all tags of all pages together have a limit", async (t) => {
  const path = await slideWith(t, [270, 7, Buffer.alloc(2 ** 20, "a")]);
  const file = await readFile(path);
  const page = file.subarray(8, 8 + 2 + 12 * file.readUInt16LE(8));
  const after = file.length;
  // Six hundred pages with the same description.
  const chain = Array.from({ length: 600 }, (_, i) => {
    const next = Buffer.alloc(4);
    next.writeUInt32LE(i === 599 ? 0 : after + (i + 1) * (page.length + 4));
    return Buffer.concat([page, next]);
  });
  file.writeUInt32LE(after, 8 + page.length);
  await writeFile(path, Buffer.concat([file, ...chain]));
  assert.match((await slideInfo(path)).remarks.join(), /smaller levels are missing, damaged/);
});

test("a tile that claims more bytes than its pixels can have is damaged, and not read", async (t) => {
  const path = await slideWith(t);
  const file = await readFile(path);
  const claimed = 2 ** 30;
  for (let entry = 10; entry < 10 + 12 * file.readUInt16LE(8); entry += 12) {
    if (file.readUInt16LE(entry) === 325) file.writeUInt32LE(claimed, entry + 8);
  }
  await writeFile(path, file);
  await truncate(path, claimed + file.length);
  await assert.rejects(read(path), /more bytes than its pixels can have/);
});

test("a tile that could not be read for a moment is read the next time", async (t) => {
  const whole = picture(100, 80);
  const path = await writeSlide(join(await temporaryDirectory(t), "slide.tif"), [whole]);
  const { reader } = await openSlide(path, () => Promise.reject(new Error("no picture")));
  t.after(() => reader.close());
  const file = await readFile(path);
  const region = { x: 0, y: 0, width: 100, height: 80 };
  await truncate(path, 100);
  assert.ok((await reader.readRegions(0, [region]))[0] instanceof Error);
  await writeFile(path, file);
  assert.deepEqual(((await reader.readRegions(0, [region]))[0] as RgbImage).data, Buffer.from(whole.data));
});

test("micrometres are read in the units and notations of OME's XML", async (t) => {
  for (const [unit, size] of [
    ["&#xB5;m", 0.25],
    ["&#956;m", 0.25],
    ["in", 0.25 / 25_400],
    ["cm", 0.25e-4],
  ] as const) {
    const path = await slideWith(t, [
      270,
      7,
      bytes(`<OME><Pixels PhysicalSizeX = '${size}' PhysicalSizeXUnit="${unit}"/></OME>`),
    ]);
    assert.equal((await slideInfo(path)).mpp?.toFixed(6), "0.250000", unit);
  }
  const latin = Buffer.from('<OME><Pixels PhysicalSizeX="0.25" PhysicalSizeXUnit="\u00b5m"/></OME>\0', "latin1");
  assert.equal((await slideInfo(await slideWith(t, [270, 7, latin]))).mpp, 0.25);
});

test("micrometres are read from ImageJ's density without a unit and the word for it in the description", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const [unit, density, mpp] of [
    ["micron", 4, 0.25],
    ["\\u00B5m", 4, 0.25],
    ["um", 2, 0.5],
    ["mm", 2000, 0.5],
    ["pixel", 2, undefined],
  ] as const) {
    const description = `ImageJ=1.54f\nunit=${unit}\nmin=0.0\n`;
    const path = await writeSlide(join(directory, "slide.tif"), [picture(100, 80)], { description, density });
    const noUnit = 1;
    await setTag(path, 0, 296, noUnit);
    assert.equal((await slideInfo(path)).mpp, mpp, unit);
  }
});

const SIDE = 4200;

/** A TIFF file with all rows in one strip, which is more than a tile may have, so that the picture is cut. */
function inOnePiece(side: number, samples: 3 | 4, value: number, ...more: readonly TiffEntry[]): Buffer {
  const entries: TiffEntry[] = [
    [256, 4, [side]],
    [257, 4, [side]],
    [258, 3, Array(samples).fill(8)],
    [259, 3, [1]],
    [262, 3, [2]],
    [277, 3, [samples]],
    [278, 4, [side]],
    [284, 3, [1]],
    ...more,
  ];
  return tiffFile(entries, [Buffer.alloc(side * side * samples, value)], { little: true, tiled: false });
}

/** A file with the pages of two files of one strip each. */
function joined(first: Buffer, second: Buffer): Buffer {
  const file = Buffer.concat([first, second]);
  const start = first.length;
  const move = (at: number) => file.writeUInt32LE(file.readUInt32LE(at) + start, at);
  file.writeUInt32LE(start + 8, 10 + 12 * first.readUInt16LE(8));
  for (let entry = start + 10; entry < start + 10 + 12 * second.readUInt16LE(8); entry += 12) {
    const size = { 3: 2, 4: 4 }[file.readUInt16LE(entry + 2)] ?? 1;
    const isPlace = file.readUInt16LE(entry) === 273;
    if (isPlace || size * file.readUInt32LE(entry + 4) > 4) move(entry + 8);
  }
  return file;
}

async function firstPixelsOf(t: TestContext, path: string) {
  const { reader, info } = await openSlide(path, async () => join(path, ".."));
  t.after(() => reader.close());
  const [region] = await reader.readRegions(0, [{ x: 0, y: 0, width: 8, height: 8 }]);
  return { info, values: [...new Set((region as RgbImage).data)] };
}

test("a TIFF in one piece has the scale of its tags, and no transparency that is none", async (t) => {
  const path = join(await temporaryDirectory(t), "slide.tif");
  const size = `SizeX="${SIDE}" SizeY="${SIDE}" SizeC="3" PhysicalSizeX="0.25" PhysicalSizeY="0.25"`;
  await writeFile(path, inOnePiece(SIDE, 4, 130, [270, 7, bytes(`<OME><Pixels ${size}/></OME>`)], [338, 3, [0]]));
  const { vendor, mpp, levels } = await slideInfo(path);
  assert.deepEqual([vendor, mpp, levels[0]?.width], ["ome", 0.25, SIDE]);
  const { info, values } = await firstPixelsOf(t, path);
  assert.equal(info.mpp, 0.25);
  assert.deepEqual(values, [130]);
});

test("a TIFF in one piece has no scale if its tags give two, and says so", async (t) => {
  const path = join(await temporaryDirectory(t), "slide.tif");
  const tile = 4112;
  await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: "pink" } })
    .tiff({ tile: true, tileWidth: tile, tileHeight: tile, compression: "deflate", xres: 2000, yres: 1000 })
    .toFile(path);
  const { reader, mpp, remarks } = await slideInfo(path);
  assert.deepEqual([reader, mpp, remarks], ["picture", undefined, ["its pixels are not square (0.5 x 1 micrometres)"]]);
});

test("of a TIFF in one piece the largest page is cut, wherever it lies", async (t) => {
  const path = join(await temporaryDirectory(t), "slide.tif");
  await writeFile(path, joined(inOnePiece(64, 3, 7), inOnePiece(SIDE, 3, 140)));
  assert.equal((await slideInfo(path)).levels[0]?.width, SIDE);
  assert.deepEqual((await firstPixelsOf(t, path)).values, [140]);
});
