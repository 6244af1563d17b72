import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { blur, dihedral, fitStainDistribution, randomCrop, scaleStains } from "../../src/image/augment/index";
import { augmentationNamed, createAugmentation } from "../../src/image/index";
import { Random } from "../../src/random/index";
import { texture } from "../support/data-sets";

const SIZE = 24;

function view(pixels: Uint8Array, size: number, number: number): Uint8Array {
  const into = new Uint8Array(pixels.length);
  dihedral(pixels, into, size, number);
  return into;
}

test("the eight views are those of sharp's flips and turns, and all different", async () => {
  const pixels = texture(1, SIZE);
  const image = () => sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 3 } });
  const peers = [image(), image().flop(), image().flip(), image().rotate(180)];
  for (const [number, peer] of peers.entries())
    assert.deepEqual(view(pixels, SIZE, number), new Uint8Array(await peer.raw().toBuffer()));
  const turned = [image().rotate(90), image().rotate(270)];
  for (const [i, number] of [5, 6].entries()) {
    assert.deepEqual(view(pixels, SIZE, number), new Uint8Array(await (turned[i] as sharp.Sharp).raw().toBuffer()));
  }
  assert.equal(
    new Set([0, 1, 2, 3, 4, 5, 6, 7].map((number) => Buffer.from(view(pixels, SIZE, number)).toString("hex"))).size,
    8,
  );
});

test("each name gives the same change for the same seed, epoch and image, and another one otherwise", () => {
  for (const name of ["dihedral", "crop", "stain", "jitter", "blur", "all", "dihedral,blur"]) {
    const run = (seed: number, epoch: number, image: number) => {
      const pixels = texture(2, SIZE);
      createAugmentation(augmentationNamed(name), seed)?.(pixels, SIZE, epoch, image);
      return Buffer.from(pixels).toString("hex");
    };
    assert.equal(run(1, 2, 3), run(1, 2, 3), name);
    const others = new Set(Array.from({ length: 40 }, (_, image) => run(1, 2, image)));
    assert.ok(
      others.size > (name === "blur" ? 3 : name === "dihedral" ? 5 : 8),
      `${name}: ${others.size} different results`,
    );
    assert.notDeepEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => run(1, 2, i)),
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => run(2, 2, i)),
    );
  }
});

test("names are checked; none changes nothing", () => {
  assert.equal(createAugmentation(augmentationNamed("none"), 1), undefined);
  assert.throws(() => augmentationNamed("dihedral,rotate"), {
    code: "AUGMENTATION_UNKNOWN",
    message: /"rotate" is none of none, dihedral/,
  });
});

test("blur is a Gaussian: it keeps flat colours and the mean, and agrees with sharp", async () => {
  const flat = new Uint8Array(SIZE * SIZE * 3).fill(200);
  blur(flat, SIZE, 1.3);
  assert.ok(flat.every((value) => value === 200));
  const size = 64;
  const pixels = texture(3, size);
  const expected = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .blur({ sigma: 1.5, precision: "float", minAmplitude: 0.01 })
    .raw()
    .toBuffer();
  blur(pixels, size, 1.5);
  assert.ok(pixels.every((value, i) => Math.abs(value - (expected[i] as number)) <= 2));
});

test("a crop of the whole image is the image; a smaller one shows a part of it, larger", () => {
  const pixels = texture(4, SIZE);
  const into = new Uint8Array(pixels.length);
  randomCrop(pixels, into, SIZE, { area: [1, 1] }, new Random(1));
  assert.deepEqual(into, pixels);
  const ramp = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => 10 * (Math.floor(i / 3) % SIZE));
  randomCrop(ramp, into, SIZE, { area: [0.25, 0.25] }, new Random(1));
  const range = (into[3 * (SIZE - 1)] as number) - (into[0] as number);
  assert.ok(Math.abs(range - (10 * (SIZE - 1)) / 2) <= 6, `${range}`);
});

test("stain strengths: factor 1 changes nothing, 0 takes the stain away, white stays white", () => {
  const pixels = texture(5, SIZE);
  const same = pixels.slice();
  scaleStains(same, [1, 1, 1]);
  assert.ok(same.every((value, i) => Math.abs(value - (pixels[i] as number)) <= 1));
  const none = pixels.slice();
  scaleStains(none, [0, 0, 0]);
  assert.ok(none.every((value) => value === 255));
  const white = new Uint8Array(30).fill(255);
  scaleStains(white, [1.5, 0.5, 1]);
  assert.ok(white.every((value) => value === 255));
});

test("a fitted stain distribution pulls an unusual image towards the others", () => {
  const darker = (factor: number, seed: number) => {
    const pixels = texture(seed, SIZE);
    scaleStains(pixels, [factor, factor, factor]);
    return pixels;
  };
  const usual = Array.from({ length: 12 }, (_, i) => darker(0.9 + 0.02 * i, 6));
  const pale = darker(0.5, 6);
  const stain = { ...fitStainDistribution(usual) };
  const mean = (pixels: Uint8Array) => pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const before = mean(pale);
  createAugmentation({ stain }, 1)?.(pale, SIZE, 0, 0);
  assert.ok(Math.abs(mean(pale) - mean(usual[5]!)) < 0.4 * Math.abs(before - mean(usual[5]!)));
});
