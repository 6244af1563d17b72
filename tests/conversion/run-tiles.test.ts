import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { comparedTiles, RunTiles, readTrainedRun } from "../../src/conversion/run-tiles";
import { writePredictions } from "../../src/evaluation/index";
import { writeTileFolder } from "../support/tile-folder";
import { temporaryDirectory, writeRun } from "../support/trained-run";

const SIZE = 8;

/** A run on a folder without partitions: one tile of each class was held out for validation, another one for the test. */
async function runOnFolder(t: TestContext, config: object = {}) {
  const directory = await temporaryDirectory(t);
  const data = join(directory, "tiles");
  const tiles = await writeTileFolder(data, 5, SIZE);
  const model = tf.sequential({
    layers: [tf.layers.flatten({ inputShape: [SIZE, SIZE, 3] }), tf.layers.dense({ units: 1 })],
  });
  const files = await writeRun(join(directory, "run"), model, { data, ...config });
  const predicted = (number: number) =>
    (["HP", "SSA"] as const).map((name, i) => ({
      filename: `${name}/${number}.png`,
      label: i as 0 | 1,
      logit: i - 0.5,
      probability: 0.4 + 0.2 * i,
    }));
  await writePredictions(files.predictions("validation"), predicted(0));
  await writePredictions(files.predictions("test"), predicted(1));
  return { data, tiles, run: await readTrainedRun(join(directory, "run")) };
}

test("tiles that were held out for validation or test are none of the training tiles", async (t) => {
  const { data, run } = await runOnFolder(t);
  const { training, validation } = await RunTiles.open(run);
  assert.deepEqual(
    training.map((path) => path.slice(data.length + 1)),
    ["HP/2.png", "HP/3.png", "HP/4.png", "SSA/2.png", "SSA/3.png", "SSA/4.png"],
  );
  assert.equal(validation.paths.length, 2);
});

test("images that training skipped as unreadable are skipped again, and are errors where it did not", async (t) => {
  const { data, tiles, run } = await runOnFolder(t, { skipUnreadable: true });
  await writeFile(join(data, "HP/3.png"), "not an image");
  const found = await RunTiles.open(run);
  const pixels = await found.pixels(found.training);
  const kept = ["HP/2.png", "HP/4.png", "SSA/2.png", "SSA/3.png", "SSA/4.png"];
  const expected = kept.map((name) => Buffer.from(tiles.find((tile) => tile.name === name)?.pixels ?? []));
  assert.ok(Buffer.concat(expected).equals(pixels));

  const strict = await RunTiles.open({ ...run, config: { ...run.config, skipUnreadable: false } });
  await assert.rejects(strict.pixels(strict.training), { code: "IMAGE_UNSUPPORTED" });
});

test("tiles in groups are those decoded at once, and large ones are in several groups", async (t) => {
  const { run } = await runOnFolder(t);
  const config = {
    ...run.config,
    preprocessing: { ...run.config.preprocessing, size: 1700, resize: "stretch" as const },
  };
  const found = await RunTiles.open({ ...run, config });
  const groups: Uint8Array[] = [];
  for await (const pixels of found.groups(found.training)) groups.push(pixels);
  assert.ok(groups.length > 1, `${groups.length}`);
  assert.ok(Buffer.concat(groups).equals(await found.pixels(found.training)));
});

test("exports are compared on all validation tiles, or on about 2,000 that are spread over each class of a large set", () => {
  const tiles = (negative: number, positive: number) =>
    Array.from({ length: negative + positive }, (_, i) => ({ label: i < negative ? (0 as const) : (1 as const), i }));
  const few = tiles(1900, 100);
  assert.deepEqual(comparedTiles(few), few);

  const kept = comparedTiles(tiles(9000, 1000));
  const places = kept.map(({ i }) => i);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  for (const [label, first, last, count] of [
    [0, 0, 9000, 1800],
    [1, 9000, 10_000, 200],
  ] as const) {
    const own = kept.filter((tile) => tile.label === label).map(({ i }) => i);
    assert.equal(own.length, count);
    const gaps = [...own.slice(1), last].map((place, n) => place - own[n]!);
    assert.equal(own[0], first);
    assert.ok(
      gaps.every((gap) => gap === 5),
      `${new Set(gaps)}`,
    );
  }

  const rare = comparedTiles(tiles(50_000, 60));
  assert.equal(rare.filter(({ label }) => label === 1).length, 60);
  assert.equal(rare.filter(({ label }) => label === 0).length, 1998);
});
