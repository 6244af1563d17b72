import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadDataset, writeSyntheticDataset } from "../../src/dataset/index";
import { exportRun } from "../../src/export/index";
import { fitFamiliarity, inDistribution, isUnlikeTraining, type Look, lookOf } from "../../src/familiar/index";
import { prepareImage } from "../../src/image/index";
import { encodePng } from "../../src/image/with-sharp";
import { Predictor } from "../../src/inference/index";
import { Random } from "../../src/random/index";
import { runTraining } from "../../src/training/index";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 64;

/** An image by a function of place and channel. */
function drawn(levelAt: (x: number, y: number, channel: number) => number): Uint8Array {
  return Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) =>
    levelAt(Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE), i % 3),
  );
}

const random = new Random(5);
const odd = {
  white: drawn(() => 255),
  grey: drawn(() => 128),
  noise: drawn(() => random.integer(256)),
  stripes: drawn((x, _y, channel) => (x % 16 < 8 ? 40 + 30 * channel : 200)),
  gradient: drawn((x, y, channel) => 2 * x + y + 10 * channel),
};

test("a model keeps what its training tiles looked like, and says what does not look like them", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, run, out] = ["data", "run", "model"].map((name) => join(directory, name)) as [string, string, string];
  await writeSyntheticDataset({ out: data, images: 240, size: SIZE, seed: 6 });
  await runTraining({ data, size: SIZE, model: "colour", epochs: 1 }, { run });
  await exportRun({ run, out });
  const predictor = await Predictor.open(out, { threads: 1 });
  const { files = {}, familiar } = predictor.card;
  assert.ok(familiar && files[familiar], "its checksum is in the card");
  context.after(() => predictor.close());
  for (const [name, pixels] of Object.entries(odd)) {
    const { inDistribution: score, warnings } = await predictor.predict(await encodePng(pixels, SIZE, SIZE));
    assert.ok(warnings.length > 0, `${name} is odd: ${score}`);
    if (name === "white") assert.ok(warnings.includes("blank") && warnings.includes("no-tissue"));
    if (name === "noise") assert.ok(warnings.includes("unlike-training"));
  }
  const { tiles } = await loadDataset(data);
  const looks = await Promise.all(
    tiles.map(async ({ path, partition }) => {
      const { pixels } = await prepareImage(path, { size: SIZE, resize: "crop" });
      return { partition, look: lookOf(pixels, SIZE) };
    }),
  );
  const of = (partition: string) => looks.filter((tile) => tile.partition === partition).map(({ look }) => look);
  const [train, test] = [of("train"), of("test")];
  const held = train.filter((_, i) => i % 4 === 0);
  const familiarity = fitFamiliarity(
    train.filter((_, i) => i % 4 > 0),
    held,
  );
  const flagged = test.filter((look) => isUnlikeTraining(inDistribution(familiarity, look)));
  assert.ok(flagged.length <= 0.15 * test.length, `${flagged.length} false alarms among ${test.length}`);
});

test("the score is the share of the tiles for calibration that lie as far", () => {
  const tile = (level: number) =>
    lookOf(
      drawn((x, y) => level + ((x * y) % 17)),
      SIZE,
    );
  const levels = Array.from({ length: 60 }, (_, i) => 60 + i);
  const familiarity = fitFamiliarity(
    levels.map(tile),
    levels.map((level) => tile(level + 0.5)),
  );
  assert.ok(inDistribution(familiarity, tile(90)) > 0.2);
  assert.equal(inDistribution(familiarity, tile(230)), 1 / 121);
});

/** A drawn tissue: purple nuclei on pink, each image with its own strengths of stain. */
function tissue(random: Random, scale = 1): Uint8Array {
  const [strength, nuclei] = [0.8 + 0.4 * random.next(), 0.5 + 0.5 * random.next()];
  const phase = 10 * random.next();
  return drawn((x, y, channel) => {
    const wave = Math.sin((x * scale) / 2 + phase) + Math.sin((y * scale) / 3 - phase) + random.normal(0, 0.2);
    const nucleus = wave > 1 ? nuclei : 0;
    const density = strength * ([0.1, 0.4, 0.15][channel] as number) + nucleus * ([0.9, 0.8, 0.4][channel] as number);
    return Math.max(0, Math.min(255, 250 * Math.exp(-density)));
  });
}

/** The same image with its pixels changed. */
function changed(pixels: Uint8Array, change: (rgb: readonly number[]) => readonly number[]): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) result.set(change([...pixels.subarray(i, i + 3)]), i);
  return result;
}

test("exchanged channels, half the saturation and another magnification are unlike the training tiles", () => {
  const random = new Random(12);
  const tiles = (count: number) => Array.from({ length: count }, () => tissue(random));
  const looks = (images: readonly Uint8Array[]) => images.map((pixels) => lookOf(pixels, SIZE));
  const familiarity = fitFamiliarity(looks(tiles(240)), looks(tiles(80)));
  const flagged = (images: readonly Uint8Array[]) =>
    looks(images).filter((look) => isUnlikeTraining(inDistribution(familiarity, look))).length / images.length;
  const fresh = tiles(100);
  assert.ok(flagged(fresh) <= 0.12, `false alarms ${flagged(fresh)}`);
  const bgr = ([r = 0, g = 0, b = 0]: readonly number[]) => [b, g, r];
  const pale = ([r = 0, g = 0, b = 0]: readonly number[]) => {
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    return [r, g, b].map((level) => grey + (level - grey) / 2);
  };
  for (const [name, images] of Object.entries({
    "blue, green, red": fresh.map((pixels) => changed(pixels, bgr)),
    "half the saturation": fresh.map((pixels) => changed(pixels, pale)),
    "twice the magnification": Array.from({ length: 50 }, () => tissue(random, 0.5)),
  })) {
    assert.ok(flagged(images) > 0.95, `${name}: ${flagged(images)}`);
  }
});

test("statistics of the first version, without ratios, are read as before", () => {
  const random = new Random(13);
  const looks = Array.from({ length: 200 }, () => lookOf(tissue(random), SIZE));
  const { usual = 1, ratios: _, ...fitted } = fitFamiliarity(looks.slice(0, 120), looks.slice(120));
  const width = fitted.shift.length - 20;
  const first = {
    ...fitted,
    format: "histo-familiar/1" as const,
    shift: fitted.shift.slice(0, width),
    scale: fitted.scale.slice(0, width),
    directions: fitted.directions.map((direction) => direction.slice(0, width)),
    distances: fitted.distances.map((distance) => distance * usual),
  };
  assert.ok(inDistribution(first, looks[3] as Look) > 0.05);
  assert.ok(isUnlikeTraining(inDistribution(first, lookOf(odd.noise, SIZE))));
});

test("with few held-out tiles the training tiles calibrate, each seen from the others", () => {
  const random = new Random(8);
  const tile = () => {
    const level = 60 + random.integer(90);
    return lookOf(
      drawn((x, y) => level + ((x * y) % 17) + random.integer(9)),
      SIZE,
    );
  };
  const tiles = (count: number) => Array.from({ length: count }, tile);
  const familiarity = fitFamiliarity(tiles(50), tiles(8));
  assert.equal(familiarity.distances.length, 58);
  const flagged = (looks: readonly ReturnType<typeof tile>[]) =>
    looks.filter((look) => isUnlikeTraining(inDistribution(familiarity, look))).length;
  assert.ok(flagged(tiles(60)) <= 9, "false alarms");
  assert.equal(flagged([lookOf(odd.noise, SIZE), lookOf(odd.stripes, SIZE)]), 2);
});

/** A function that draws tiles of a new patient. */
function patientsFrom(random: Random): (tiles: number) => Look[] {
  return (tiles) => {
    const [level, step, slope] = [60 + random.integer(90), 2 + random.integer(20), random.normal(0, 0.4)];
    return Array.from({ length: tiles }, () =>
      lookOf(
        drawn((x, y, channel) => level + channel * step + slope * x + ((x * y) % 17) + random.integer(9)),
        SIZE,
      ),
    );
  };
}

const alarms = (familiarity: ReturnType<typeof fitFamiliarity>, looks: readonly Look[]) =>
  looks.filter((look) => isUnlikeTraining(inDistribution(familiarity, look))).length;

test("tiles of a patient do not vouch for each other: new patients are not taken for odd", () => {
  const [patients, each] = [20, 6];
  const found = { together: 0, apart: 0 };
  for (const seed of [9, 17]) {
    const ofPatient = patientsFrom(new Random(seed));
    const train = Array.from({ length: patients }, () => ofPatient(each)).flat();
    const held = ofPatient(6);
    const groups = Uint32Array.from(train, (_, i) => Math.floor(i / each));
    const fresh = Array.from({ length: 60 }, () => ofPatient(1)).flat();
    found.together += alarms(fitFamiliarity(train, held, groups), fresh);
    found.apart += alarms(fitFamiliarity(train, held), fresh);
    assert.ok(fitFamiliarity(train.slice(0, each), held, groups.slice(0, each)).distances.every(Number.isFinite));
  }
  assert.ok(found.together < 0.6 * found.apart, `${JSON.stringify(found)} false alarms of 120`);
});

test("many held-out tiles of few patients do not decide alone: of new patients, few are taken for odd", () => {
  const ofPatient = patientsFrom(new Random(17));
  const [patients, each] = [30, 4];
  const train = Array.from({ length: patients }, () => ofPatient(each)).flat();
  const groups = Uint32Array.from(train, (_, i) => Math.floor(i / each));
  const fresh = Array.from({ length: 60 }, () => ofPatient(1)).flat();
  const found = Array.from({ length: 3 }, () => {
    const held = [...ofPatient(32), ...ofPatient(32)];
    return alarms(fitFamiliarity(train, held, groups), fresh);
  });
  assert.ok(Math.max(...found) <= 9, `${found} false alarms of ${fresh.length}`);
});

test("of many held-out tiles and one more, 5 % at most are taken for odd", () => {
  const [random, edge, count] = [new Random(18), 16, 401];
  const tiles = (number: number) =>
    Array.from({ length: number }, () => {
      const [level, spread] = [60 + random.integer(90), 4 + random.integer(60)];
      return lookOf(
        Uint8Array.from({ length: 3 * edge ** 2 }, () => level + random.integer(spread)),
        edge,
      );
    });
  const [train, held] = [tiles(120), tiles(count)];
  // Training tiles of one group do not calibrate.
  const familiarity = fitFamiliarity(train, held, new Uint32Array(train.length));
  assert.ok((alarms(familiarity, held) + 1) / (count + 1) <= 0.05, `${alarms(familiarity, held)} of ${count}`);
});
