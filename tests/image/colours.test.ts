/** Colours that need a conversion; tests/image/pixels.slow.test.ts compares many more with other readers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { decodePixels } from "../../src/image/index";
import { texture } from "../support/data-sets";

const SIZE = 32;
const image = () => sharp(texture(1, SIZE), { raw: { width: SIZE, height: SIZE, channels: 3 } });

function mustBeNear(actual: Uint8Array, expected: Uint8Array, by: number): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries()) {
    assert.ok(Math.abs(value - (expected[i] as number)) <= by, `${value} is not ${expected[i]} at ${i}`);
  }
}

test("CMYK with a profile is converted by it", async () => {
  const file = await image().withIccProfile("cmyk").toColourspace("cmyk").tiff({ compression: "lzw" }).toBuffer();
  mustBeNear((await decodePixels(file)).data, texture(1, SIZE), 40);
});

test("a colour profile means the same in 16 bits as in 8", async () => {
  for (const profile of ["srgb", "p3"]) {
    const tagged = (space: "srgb" | "rgb16") => image().withIccProfile(profile).toColourspace(space).png().toBuffer();
    const [shallow, deep] = [await tagged("srgb"), await tagged("rgb16")];
    assert.equal((await sharp(deep).metadata()).depth, "ushort");
    // Of 16 bits the upper 8 are taken, without rounding.
    mustBeNear((await decodePixels(deep)).data, (await decodePixels(shallow)).data, 3);
    mustBeNear((await decodePixels(deep)).data, texture(1, SIZE), 3);
  }
});

test("a JPEG of 12 bits is refused as such", async () => {
  const file = await image().jpeg().toBuffer();
  const frame = file.indexOf(Buffer.from([0xff, 0xc0]));
  file[frame + 4] = 12;
  await assert.rejects(decodePixels(file, {}, "a.jpg"), {
    code: "IMAGE_UNSUPPORTED",
    message: /^a\.jpg is in a form that is not supported \(Unsupported JPEG data precision 12\)/,
  });
});
