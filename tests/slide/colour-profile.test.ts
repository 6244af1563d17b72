import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { decodePixels, type RgbImage } from "../../src/image/index";
import { profileName } from "../../src/slide/colour-profile";
import { type ProfileUse, predictSlide, slideInfo } from "../../src/slide/index";
import { openSlide } from "../../src/slide/open-slide";
import { writeModel } from "../support/served-model";
import { cut, picture, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

/** The profile of a display with more colours than sRGB, whose conversion changes nearly all values. */
async function wideProfile(): Promise<Buffer> {
  const pixel = sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } });
  const { icc } = await sharp(await pixel.withIccProfile("p3").png().toBuffer()).metadata();
  return icc as Buffer;
}

const region = { x: 30, y: 20, width: 150, height: 90 };

test("the profile of a slide is named, ignored unless told, and then applied as it is to an image file", async (t) => {
  const directory = await temporaryDirectory(t);
  const whole = picture(300, 200);
  const profile = await wideProfile();
  for (const form of [{}, { planar: true }, { bits: 16 }] as const) {
    const path = await writeSlide(join(directory, "slide.tif"), [whole, shrunk(whole, 2)], { ...form, profile });
    assert.match((await slideInfo(path)).profile ?? "", /p3/i);
    const image = await writeSlide(join(directory, "image.tif"), [whole], { profile, tile: 320 });
    const converted = await decodePixels(image);
    for (const [use, expected] of [
      [undefined, whole],
      ["ignore", whole],
      ["apply", converted],
    ] as const) {
      const { reader } = await openSlide(path, async () => directory, { profile: use });
      const into = Buffer.alloc(2 * region.width * region.height * 3);
      const found = await reader.readRegions(0, [region, region], into);
      await reader.close();
      const pixels = cut(expected, region.x, region.y, region.width, region.height);
      assert.deepEqual(Buffer.from((found[0] as RgbImage).data), pixels, `${use} ${JSON.stringify(form)}`);
      assert.deepEqual(into, Buffer.concat([pixels, pixels]));
    }
    assert.ok(converted.data.some((value, i) => Math.abs(value - (whole.data[i] as number)) > 8));
  }
});

test("a grey profile is applied to a grey slide, and one of inks is not", async (t) => {
  const directory = await temporaryDirectory(t);
  const grey = picture(100, 80);
  for (let i = 0; i < grey.data.length; i++) grey.data[i] = grey.data[i - (i % 3)] as number;
  const [linear, inks] = [grayProfile(), grayProfile("CMYK")];
  const read = async (profile: Buffer) => {
    const path = await writeSlide(join(directory, "slide.tif"), [grey], { profile });
    const { reader } = await openSlide(path, async () => directory, { profile: "apply" });
    const [found] = await reader.readRegions(0, [{ x: 0, y: 0, width: 100, height: 80 }]);
    await reader.close();
    return Buffer.from((found as RgbImage).data);
  };
  // Linear light of 0.5 is 188 of 255 in sRGB.
  const at = grey.data.indexOf(160);
  assert.ok(Math.abs(((await read(linear))[at] as number) - 206) <= 3);
  assert.deepEqual(await read(inks), Buffer.from(grey.data));
});

/** The smallest profile of grey values that are proportional to light. */
function grayProfile(space = "GRAY"): Buffer {
  const tags = [
    ["wtpt", Buffer.from("58595a20000000000000f6d6000100000000d32d", "hex")],
    ["kTRC", Buffer.from("637572760000000000000000", "hex")],
    ["desc", Buffer.concat([Buffer.from("desc\0\0\0\0\0\0\0\x05test\0"), Buffer.alloc(78)])],
    ["cprt", Buffer.from("text\0\0\0\0none\0")],
  ] as const;
  const head = Buffer.alloc(128 + 4 + 12 * tags.length);
  head.writeUInt32BE(0x02100000, 8);
  head.write(`mntr${space}XYZ `, 12, "latin1");
  head.write("acsp", 36, "latin1");
  head.writeUInt32BE(0x0000f6d6, 68);
  head.writeUInt32BE(0x00010000, 72);
  head.writeUInt32BE(0x0000d32d, 76);
  head.writeUInt32BE(tags.length, 128);
  const values: Buffer[] = [];
  let at = head.length;
  for (const [i, [name, value]] of tags.entries()) {
    head.write(name, 132 + 12 * i, "latin1");
    head.writeUInt32BE(at, 136 + 12 * i);
    head.writeUInt32BE(value.length, 140 + 12 * i);
    const padded = Buffer.concat([value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
    values.push(padded);
    at += padded.length;
  }
  head.writeUInt32BE(at, 0);
  return Buffer.concat([head, ...values]);
}

test("results say what was done with the profile, and are not continued with another use of it", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = await writeModel(join(directory, "model"));
  const profile = await wideProfile();
  const slide = await writeSlide(join(directory, "slide.tif"), [picture(160, 96)], { profile });
  const out = join(directory, "out");
  const logits = async (use: ProfileUse) => {
    const result = await predictSlide(slide, { model, out, mpp: 0.5, workers: 1, profile: use, resume: true });
    assert.equal(result.profile, use);
    assert.equal(result.resumedTiles, 0);
    return (parse(await readFile(join(out, "tiles.csv")), { columns: true }) as { logit: string }[]).map(
      ({ logit }) => logit,
    );
  };
  assert.notDeepEqual(await logits("ignore"), await logits("apply"));
});

test("a damaged profile that claims more tags than it has bytes has no name", () => {
  const profile = grayProfile();
  assert.equal(profileName(profile), "test");
  profile.fill(0, 132);
  profile.writeUInt32BE(0xffffffff, 128);
  const started = performance.now();
  assert.equal(profileName(profile), "unnamed");
  assert.ok(performance.now() - started < 1000);
});
