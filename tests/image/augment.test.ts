import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { ChannelMix } from "../../src/image/augment/channel-mix";
import { blur, dihedral, jitterColour, randomCrop, scaleStains } from "../../src/image/augment/index";
import { augmentationNamed, createAugmentation } from "../../src/image/index";
import { Random } from "../../src/random/index";
import { texture } from "../support/data-sets";

const SIZE = 24;

function view(pixels: Uint8Array, size: number, number: number): Uint8Array {
  const into = new Uint8Array(pixels.length);
  dihedral(pixels, into, size, number);
  return into;
}

for (const size of [SIZE, SIZE - 1, SIZE - 2, 3])
  test(`the eight views are those of sharp's flips and turns, and all different, at ${size} px`, async () => {
    const pixels = texture(1, size);
    const image = () => sharp(pixels, { raw: { width: size, height: size, channels: 3 } });
    const peers = [image(), image().flop(), image().flip(), image().rotate(180)];
    for (const [number, peer] of peers.entries())
      assert.deepEqual(view(pixels, size, number), new Uint8Array(await peer.raw().toBuffer()));
    const turned = [image().rotate(90), image().rotate(270)];
    for (const [i, number] of [5, 6].entries()) {
      assert.deepEqual(view(pixels, size, number), new Uint8Array(await (turned[i] as sharp.Sharp).raw().toBuffer()));
    }
    assert.equal(
      new Set([0, 1, 2, 3, 4, 5, 6, 7].map((number) => Buffer.from(view(pixels, size, number)).toString("hex"))).size,
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
    message: /"rotate" is not one of dihedral, crop/,
  });
  for (const word of ["none", "all"]) {
    assert.throws(() => augmentationNamed(`dihedral,${word}`), {
      code: "AUGMENTATION_UNKNOWN",
      message: `--augment dihedral,${word}: "${word}" cannot be combined.`,
    });
  }
});

test("blur is a Gaussian: it keeps flat colours and agrees with sharp, narrow or wide, whatever the size", async () => {
  const flat = new Uint8Array(SIZE * SIZE * 3).fill(200);
  blur(flat, SIZE, 1.3);
  assert.ok(flat.every((value) => value === 200));
  for (const [size, sigma, tolerance] of [
    [64, 0.5, 2],
    [61, 1.1, 2],
    [62, 1.5, 2],
    // A wide one is several narrow ones, each of which repeats the edges.
    [64, 3, 6],
  ] as const) {
    const pixels = texture(3, size);
    const expected = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
      .blur({ sigma, precision: "float", minAmplitude: 0.01 })
      .raw()
      .toBuffer();
    blur(pixels, size, sigma);
    const far = pixels.filter((value, i) => Math.abs(value - (expected[i] as number)) > tolerance);
    assert.equal(far.length, 0, `size ${size}, sigma ${sigma}`);
  }
});

/** Pixels of pure noise: every step between neighbours is large. */
function noise(seed: number, size: number): Uint8Array {
  const random = new Random(seed, "noise");
  return Uint8Array.from({ length: size * size * 3 }, () => random.bits() & 255);
}

test("four bytes at a time give what one at a time gives: a crop is the bilinear one, at odd sizes and offsets too", () => {
  for (const size of [1, 2, 3, 5, 31, 64]) {
    for (const offset of [0, 1, 2, 3]) {
      const bytes = size * size * 3;
      const from = new Uint8Array(new ArrayBuffer(bytes + offset), offset);
      from.set(noise(size, size));
      const around = new Uint8Array(bytes + offset + 8).fill(77);
      const into = around.subarray(offset, offset + bytes);
      randomCrop(from, into, size, { area: [0.5, 0.5] }, new Random(offset, "crop"));
      assert.ok(around.subarray(0, offset).every((value) => value === 77));
      assert.ok(around.subarray(offset + bytes).every((value) => value === 77));
      const [scale, random] = [Math.sqrt(0.5), new Random(offset, "crop")];
      random.next();
      const [left, top] = [0, 0].map(() => random.uniform(0, (1 - scale) * size)) as [number, number];
      const place = (start: number, i: number) => Math.min(size - 1, Math.max(0, start + (i + 0.5) * scale - 0.5));
      const at = (y: number, x: number, c: number) =>
        from[3 * (Math.min(size - 1, y) * size + Math.min(size - 1, x)) + c] as number;
      for (let i = 0; i < bytes && size > 1; i++) {
        const [c, x, y] = [i % 3, place(left, Math.floor(i / 3) % size), place(top, Math.floor(i / 3 / size))];
        const [x0, y0, fx, fy] = [Math.floor(x), Math.floor(y), x % 1, y % 1];
        const row = (line: number) => (1 - fx) * at(line, x0, c) + fx * at(line, x0 + 1, c);
        const expected = (1 - fy) * row(y0) + fy * row(y0 + 1);
        assert.ok(Math.abs(expected - (into[i] as number)) <= 2, `size ${size}, byte ${i}: ${into[i]}, ${expected}`);
      }
    }
  }
});

test("nothing beside an image is written, whatever its size", () => {
  const change = createAugmentation(augmentationNamed("all"), 3);
  for (const size of [1, 2, 3, 5, 8, 31]) {
    const bytes = size * size * 3;
    const around = new Uint8Array(bytes + 12).fill(99);
    for (let image = 0; image < 20; image++) change?.(around.subarray(5, 5 + bytes), size, 0, image);
    assert.ok([...around.subarray(0, 5), ...around.subarray(5 + bytes)].every((value) => value === 99));
  }
});

test("a mix of channels is its matrix, and refuses sums it has no room for", () => {
  const mix = new ChannelMix({
    value: (byte) => byte,
    result: (sum) => Math.min(255, Math.max(0, Math.round(sum))),
    lowest: -1024,
    steps: 16,
  });
  const weights = [1.2, -0.3, 0.1, 0.05, 0.8, 0.1, -0.2, 0.4, 0.9];
  const pixels = noise(9, SIZE);
  const changed = pixels.slice();
  mix.apply(changed, weights, 7);
  for (let i = 0; i < pixels.length; i++) {
    const [at, row] = [i - (i % 3), weights.slice(3 * (i % 3), 3 * (i % 3) + 3)];
    const sum = row.reduce((all, weight, c) => all + weight * (pixels[at + c] as number), 7);
    const expected = Math.min(255, Math.max(0, sum));
    assert.ok(Math.abs(expected - (changed[i] as number)) <= 0.75, `${changed[i]}, expected ${expected}`);
  }
  assert.throws(() => mix.apply(changed, [9, 9, 9, 0, 0, 0, 0, 0, 0]), RangeError);
});

test("colour jitter without limits changes nothing; brightness, contrast and saturation do what they say", () => {
  const none = { brightness: 0, contrast: 0, saturation: 0, hue: 0 };
  const pixels = texture(8, SIZE);
  const same = pixels.slice();
  jitterColour(same, none, new Random(1));
  assert.ok(same.every((value, i) => Math.abs(value - (pixels[i] as number)) <= 1));
  const grey = new Uint8Array(300).fill(100);
  jitterColour(grey, { ...none, saturation: 0.5, hue: 30, contrast: 0.4 }, new Random(2));
  assert.ok(grey.every((value) => Math.abs(value - 100) <= 1));
  const factor = new Random(3).uniform(0.5, 1.5);
  jitterColour(grey, { ...none, brightness: 0.5 }, new Random(3));
  assert.ok(grey.every((value) => Math.abs(value - 100 * factor) <= 2));
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
