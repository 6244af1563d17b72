import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot, readJson } from "../../src/files/index";
import { decodeImage, fitStain, type StainMethod, stainNormalizer } from "../../src/image/index";
import { percentile } from "../../src/image/stain/percentile";
import { Random } from "../../src/random/index";
import { sharedData, withoutSharedData } from "../support/shared-data";

const METHODS: readonly StainMethod[] = ["reinhard", "macenko", "vahadane"];
const SIZE = 96;

/** A tile mixed from two stains: mostly eosin, round nuclei of hematoxylin, and `white` share of empty slide. */
function mixedTile(seed: number, { white = 0.2, hematoxylin = 1, strength = 1 } = {}): Uint8Array {
  const random = new Random(seed, "stain");
  const nuclei = Array.from(
    { length: 40 },
    () => [random.integer(SIZE), random.integer(SIZE), random.uniform(2, 6)] as const,
  );
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  for (let i = 0; i < SIZE * SIZE; i++) {
    const [x, y] = [i % SIZE, Math.floor(i / SIZE)];
    const empty = y < white * SIZE;
    const inside = nuclei.some(([cx, cy, radius]) => Math.hypot(x - cx, y - cy) < radius);
    const h = empty ? 0 : hematoxylin * strength * (inside ? random.uniform(0.8, 1.6) : random.uniform(0, 0.1));
    const e = empty ? 0 : strength * (inside ? random.uniform(0, 0.2) : random.uniform(0.3, 1));
    for (let c = 0; c < 3; c++) {
      const density = h * ([0.52, 0.75, 0.41][c] as number) + e * ([0.2, 0.87, 0.45][c] as number);
      pixels[3 * i + c] = Math.round(245 * Math.exp(-density) + random.uniform(-2, 2));
    }
  }
  return pixels;
}

function meanOf(pixels: Uint8Array): number[] {
  return [0, 1, 2].map(
    (c) => pixels.reduce((sum, value, i) => (i % 3 === c ? sum + value : sum), 0) / (pixels.length / 3),
  );
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

interface Peers {
  readonly reference: string;
  readonly step: number;
  readonly tiles: Record<string, Record<StainMethod, string>>;
}

for (const method of METHODS) {
  test(`${method} equals an independent package to 1/255 on real tiles`, {
    skip: withoutSharedData("crc-tiles"),
  }, async () => {
    const peers = await readJson<Peers>(join(projectRoot(), "tests", "fixtures", "stain", "peers.json"));
    const tile = async (name: string) =>
      new Uint8Array(await decodeImage(join(sharedData("crc-tiles") as string, "images", name), { size: 224 }));
    const normalize = stainNormalizer(fitStain(method, await tile(peers.reference)));
    for (const [name, expected] of Object.entries(peers.tiles)) {
      const ours = normalize(await tile(name));
      const sample = ours.filter((_, i) => Math.floor(i / 3) % peers.step === 0);
      assert.ok(largestDifference(sample, Buffer.from(expected[method], "base64")) <= 1, `${name}`);
    }
  });

  test(`${method} leaves the reference itself as it is, and keeps its fit through JSON`, () => {
    const tile = mixedTile(1, { white: 0 });
    const fit = fitStain(method, tile);
    const through = stainNormalizer(JSON.parse(JSON.stringify(fit)));
    assert.deepEqual(through(tile), stainNormalizer(fit)(tile));
    const [before, after] = [meanOf(tile), meanOf(through(tile))];
    for (let c = 0; c < 3; c++)
      assert.ok(Math.abs((before[c] as number) - (after[c] as number)) < 3, `${before} ${after}`);
  });

  test(`${method} brings a pale tile near the reference's colours`, () => {
    const reference = mixedTile(1, { white: 0 });
    const pale = mixedTile(2, { white: 0, strength: 0.6 });
    const distance = (tile: Uint8Array) =>
      Math.hypot(...meanOf(tile).map((value, c) => value - (meanOf(reference)[c] as number)));
    const normalized = stainNormalizer(fitStain(method, reference))(pale);
    assert.ok(distance(normalized) < 0.35 * distance(pale), `${distance(normalized)} of ${distance(pale)}`);
  });

  test(`${method} leaves empty slide white, in blank tiles and beside tissue`, () => {
    const normalize = stainNormalizer(fitStain(method, mixedTile(1), { tissueOnly: true }));
    for (const value of [255, 240, 128, 0]) {
      const flat = new Uint8Array(SIZE * SIZE * 3).fill(value);
      if (value >= 240) assert.deepEqual(normalize(flat), flat);
      else assert.ok(normalize(flat).every(Number.isFinite));
    }
    const half = normalize(mixedTile(3, { white: 0.5 }));
    const top = half.subarray(0, Math.floor(half.length / 3));
    assert.ok(
      meanOf(top).every((value) => value > 225),
      `${meanOf(top)}`,
    );
  });

  test(`${method} does not break on a tile with one stain`, () => {
    const normalize = stainNormalizer(fitStain(method, mixedTile(1)));
    const eosin = mixedTile(4, { hematoxylin: 0 });
    const [before, after] = [meanOf(eosin), meanOf(normalize(eosin))];
    for (let c = 0; c < 3; c++)
      assert.ok(Math.abs((before[c] as number) - (after[c] as number)) < 45, `${before} to ${after}`);
  });

  test(`${method} leaves black and grey as they are`, () => {
    const normalize = stainNormalizer(fitStain(method, mixedTile(1)));
    for (const value of [0, 60, 128, 200]) {
      const flat = new Uint8Array(SIZE * SIZE * 3).fill(value);
      assert.deepEqual(normalize(flat), flat);
    }
  });

  test(`${method} leaves shades of grey as they are, and takes no stains from them`, () => {
    const normalize = stainNormalizer(fitStain(method, mixedTile(1)));
    const shades = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => 40 + (Math.floor(i / 3) % 180));
    assert.deepEqual(normalize(shades), shades);
    assert.throws(() => fitStain(method, shades), { code: "STAIN_REFERENCE_UNUSABLE" });
  });

  test(`${method} refuses a reference without tissue, and a description that is not whole`, () => {
    const white = new Uint8Array(SIZE * SIZE * 3).fill(250);
    assert.throws(() => fitStain(method, white), { code: "STAIN_REFERENCE_UNUSABLE", exitStatus: 2 });
    assert.throws(() => stainNormalizer({ method, parameters: {} }), { code: "STAIN_PARAMETERS" });
  });
}

for (const method of ["macenko", "vahadane"] as const) {
  test(`${method} takes neither the noise of grey nor the shades of a slide's edge for stains`, () => {
    const normalize = stainNormalizer(fitStain(method, mixedTile(1)));
    const random = new Random(6, "grey");
    const noise = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => Math.round(random.uniform(100, 140)));
    assert.deepEqual(normalize(noise), noise);
    const edge = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => Math.floor((255 * i) / (SIZE * SIZE * 3)));
    assert.deepEqual(normalize(edge), edge);
    assert.throws(() => fitStain(method, edge), { code: "STAIN_REFERENCE_UNUSABLE" });
  });
}

test("percentiles equal sorting and interpolating", () => {
  const random = new Random(5, "percentile");
  for (const count of [1, 2, 3, 10, 997]) {
    const values = Float32Array.from({ length: count }, () => (random.chance(0.2) ? 1 : random.normal(0, 3)));
    const sorted = Float32Array.from(values).sort();
    for (const percent of [0, 1, 33, 50, 99, 100]) {
      const rank = ((count - 1) * percent) / 100;
      const [low, high] = [sorted[Math.floor(rank)] as number, sorted[Math.ceil(rank)] as number];
      assert.equal(percentile(values, count, percent), low + (rank - Math.floor(rank)) * (high - low));
    }
  }
});
