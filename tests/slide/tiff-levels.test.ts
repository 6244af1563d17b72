import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { slideInfo } from "../../src/slide/index";
import { picture, setTag, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

const whole = picture(700, 520);
const [half, quarter] = [shrunk(whole, 2), shrunk(whole, 4)];

test("levels are found in any order of the pages, and a thumbnail or a mask between them is none", async (t) => {
  const path = join(await temporaryDirectory(t), "slide.tif");
  const downsamples = async () => (await slideInfo(path)).levels.map(({ downsample }) => downsample);
  for (const pages of [
    [whole, half, quarter],
    [whole, quarter, half],
    [half, quarter, whole],
    [quarter, whole, half],
  ]) {
    await writeSlide(path, pages);
    assert.deepEqual(await downsamples(), [1, 2, 4]);
  }
  // A thumbnail of the same shape is smaller by any factor.
  await writeSlide(path, [whole, picture(262, 195), half, quarter]);
  assert.deepEqual(await downsamples(), [1, 2, 4]);
  // A page of one sample is no copy of a page of three.
  const samples = 277;
  await writeSlide(path, [whole, half, quarter]);
  await setTag(path, 1, samples, 1);
  assert.deepEqual(await downsamples(), [1, 4]);
});

test("another picture of an OME file is no level, though it has the shape of one", async (t) => {
  const path = join(await temporaryDirectory(t), "slide.ome.tif");
  const picturesOf = (...sizes: readonly (readonly [width: number, height: number])[]) => {
    const images = sizes.map(
      ([x, y]) => `<Image><Pixels SizeX="${x}" SizeY="${y}" SizeC="3" SizeZ="1" SizeT="1"/></Image>`,
    );
    return `<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">${images.join("")}</OME>`;
  };
  const downsamples = async () => (await slideInfo(path)).levels.map(({ downsample }) => downsample);
  await writeSlide(path, [whole, half, quarter], { description: picturesOf([700, 520], [350, 260]) });
  assert.deepEqual(await downsamples(), [1, 4]);
  await writeSlide(path, [whole, half, quarter], { description: picturesOf([700, 520]) });
  assert.deepEqual(await downsamples(), [1, 2, 4]);
});

test("a compression that nothing here reads is refused by its name, not passed on to OpenSlide", async (t) => {
  const path = join(await temporaryDirectory(t), "slide.tif");
  await writeSlide(path, [whole]);
  for (const [scheme, name] of [
    [50_002, "JPEG XL"],
    [34_887, "LERC"],
    [34_925, "LZMA"],
    [34_712, "JPEG 2000"],
    [33_004, "JPEG 2000"],
    [6, "JPEG of the old kind"],
    [4711, "scheme 4711"],
  ] as const) {
    await setTag(path, 0, 259, scheme);
    const message = new RegExp(`compressed with ${name}.*, which is not read; save it with LZW compression\\.$`);
    await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message });
  }
});

test("a palette with JPEG, whose values change a little and mean any colour, is refused", async (t) => {
  const path = join(await temporaryDirectory(t), "slide.tif");
  await writeSlide(path, [whole]);
  for (const [tag, value] of [
    [259, 7],
    [262, 3],
    [277, 1],
  ] as const) {
    await setTag(path, 0, tag, value);
  }
  await assert.rejects(slideInfo(path), { code: "SLIDE_UNSUPPORTED", message: /a palette and JPEG compression/ });
});

test("a slide that its file says is turned is read as it is stored, with a remark", async (t) => {
  const directory = await temporaryDirectory(t);
  const raw = { width: whole.width, height: whole.height, channels: 3 } as const;
  const info = async (orientation: number) => {
    const path = join(directory, `${orientation}.tif`);
    const form = { tile: true, tileWidth: 64, tileHeight: 64, pyramid: true, compression: "deflate" } as const;
    await sharp(whole.data, { raw }).withMetadata({ orientation, density: 50_800 }).tiff(form).toFile(path);
    return slideInfo(path);
  };
  const { levels, remarks } = await info(6);
  assert.deepEqual([levels[0]?.width, levels[0]?.height], [700, 520]);
  assert.match(remarks.join(), /Orientation \(6\) says that it is turned or mirrored, which is ignored/);
  assert.deepEqual((await info(1)).remarks, []);
});
