import assert from "node:assert/strict";
import { test } from "node:test";
import { joinSamples, MetImages } from "../../src/familiar/index";

/** A sample of images whose only feature is their number. */
function met(count: number) {
  const images = new MetImages();
  for (let i = 0; i < count; i++) images.add(Float32Array.of(i));
  return images.sample();
}

test("few images are all kept, of many a sample in which early and late ones are as likely", () => {
  assert.deepEqual(met(3), { seen: 3, features: [[0], [1], [2]] });
  const { seen, features } = met(20_000);
  assert.deepEqual([seen, features.length, new Set(features.flat()).size], [20_000, 500, 500]);
  const late = features.flat().filter((i) => i >= 10_000).length;
  assert.ok(Math.abs(late - 250) < 45, `${late} of 500 are of the second half`);
});

test("samples of several are joined by how much each has seen", () => {
  const [much, little] = [met(9000), { seen: 1000, features: met(500).features.map(() => [-1]) }];
  const { seen, features } = joinSamples([much, little, met(0)]);
  assert.equal(seen, 10_000);
  assert.ok(features.length <= 501);
  assert.equal(features.flat().filter((i) => i === -1).length, 50);
  assert.deepEqual(joinSamples([met(0)]), { seen: 0, features: [] });
});
