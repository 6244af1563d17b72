import assert from "node:assert/strict";
import { test } from "node:test";
import { loadDataset, openPixelStore } from "../../src/dataset/index";
import { type Look, lookOf } from "../../src/familiar/index";
import { Random } from "../../src/random/index";
import { describeShift, measureShift, measureShifts } from "../../src/shift/index";
import { drawnSet } from "../support/data-sets";

/** Features as of six channels: 15 shares, mean, spread, texture; then sharpness. Each is a normal number of its own. */
const WIDTH = 6 * 18 + 16;
const MEAN_GREEN = 6 * 15 + 1;

function looks(seed: number, count: number, change: (features: Float32Array) => void = () => undefined): Look[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const features = Float32Array.from({ length: WIDTH }, () => random.normal(0.5, 0.1));
    change(features);
    return { features, contrast: 30, tissue: 1 };
  });
}

test("sets of the same kind are hardly told apart", () => {
  const found = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => measureShift(looks(seed, 150), looks(seed + 100, 120)));
  for (const shift of found) assert.equal(shift?.differs, false, JSON.stringify(shift));
  const mean = found.reduce((sum, shift) => sum + (shift?.auc ?? 0), 0) / found.length;
  assert.ok(Math.abs(mean - 0.5) < 0.05, `mean AUC ${mean}`);
});

test("what differs is noticed and named, with its direction", () => {
  const greener = looks(2, 120, (features) => {
    features[MEAN_GREEN]! += 0.2;
  });
  const shift = measureShift(looks(1, 150), greener);
  assert.ok(shift?.differs && shift.auc > 0.8 && shift.ci95[0] <= shift.auc && shift.auc <= shift.ci95[1]);
  assert.equal(shift.measures[0]?.measure, "mean green");
  assert.ok(Math.abs((shift.measures[0]?.difference ?? 0) - 2) < 0.4);
  assert.match(
    describeShift(["train", "test"], shift),
    /^The train and test images differ: .*AUC 0\.\d\d.*mean green \+\d/,
  );
});

test("a difference that only several features together show is noticed too", () => {
  const coupled = (features: Float32Array) => {
    for (let j = 0; j < 12; j++) features[j]! += 0.06;
  };
  const shift = measureShift(looks(1, 300), looks(2, 300, coupled));
  assert.ok(shift?.differs, JSON.stringify(shift));
});

test("the images of a single group cannot be told from others of other groups", () => {
  const groups = Uint32Array.from({ length: 80 }, (_, i) => (i < 50 ? i : 50));
  assert.equal(measureShift(looks(1, 50), looks(2, 30), groups), undefined);
  const ofTwo = groups.map((group, i) => (i < 65 ? group : 51));
  assert.ok((measureShift(looks(1, 50), looks(2, 30), ofTwo)?.auc ?? 1) < 0.8);
});

test("images of a group stay together, and too few are not judged", () => {
  assert.equal(measureShift(looks(1, 19), looks(2, 200)), undefined);
  // Copies of one image in both parts of a split would be recognised; by group they are not.
  const copies = (seed: number) => looks(seed, 12).flatMap((look) => Array.from({ length: 10 }, () => look));
  const groups = Uint32Array.from({ length: 240 }, (_, i) => Math.floor(i / 10));
  const [apart, together] = [measureShift(copies(1), copies(2)), measureShift(copies(1), copies(2), groups)];
  assert.ok(apart && together && apart.auc > together.auc, `${apart?.auc} against ${together?.auc}`);
  assert.equal(together.differs, false);
});

test("further images are compared with patients, not with each of their images", async () => {
  const dataset = await loadDataset(await drawnSet({ images: 120, size: 32 }), {});
  const store = await openPixelStore(dataset, { size: 32 });
  try {
    const own = dataset.tiles.filter(({ partition }) => partition === "train");
    const pixels = new Uint8Array(store.bytesPerImage);
    const further = own.slice(0, 40).map(({ name }) => {
      store.read([store.positionOf(name)], pixels);
      return lookOf(pixels, store.size);
    });
    const patients = (count: number) => dataset.tiles.map((tile, i) => ({ ...tile, group: `${i % count}` }));
    const width = (tiles: typeof dataset.tiles) => {
      const { ci95 } = measureShifts(tiles, store, further).new ?? { ci95: [0, 0] };
      return ci95[1] - ci95[0];
    };
    assert.ok(width(patients(4)) > 1.2 * width(dataset.tiles), `${width(patients(4))}, ${width(dataset.tiles)}`);
    assert.equal(measureShifts(patients(1), store, further).new, undefined, "one patient");
  } finally {
    store.close();
  }
});

/** Images of patients, who differ from each other. */
function ofPatients(seed: number, patients: number, each: number): Look[] {
  const random = new Random(seed, "patients");
  return looks(seed, patients).flatMap(({ features: own, ...rest }) =>
    Array.from({ length: each }, () => ({ ...rest, features: own.map((value) => value + random.normal(0, 0.1)) })),
  );
}

test("sets of few patients that do not differ have an area of one half on average, and raise no alarm", () => {
  for (const [patients, each] of [
    [2, 15],
    [4, 6],
  ] as const) {
    const groups = Uint32Array.from({ length: 2 * patients * each }, (_, i) => Math.floor(i / each));
    const found = Array.from({ length: 24 }, (_, seed) =>
      measureShift(ofPatients(seed, patients, each), ofPatients(seed + 100, patients, each), groups),
    );
    const mean = found.reduce((sum, shift) => sum + (shift?.auc ?? 0), 0) / found.length;
    assert.ok(Math.abs(mean - 0.5) < 0.13, `mean AUC ${mean} of ${patients} patients each`);
    assert.ok(found.filter((shift) => shift?.differs).length <= 1);
  }
});

test("a sentence says so if there are too few images or patients to tell, and calls an area below one half guessing", () => {
  const shift = { images: [30, 30] as const, differs: false, measures: [] };
  const says = (auc: number, low: number, high: number) =>
    describeShift(["train", "test"], { ...shift, auc, ci95: [low, high] });
  assert.match(
    says(0.3, 0.05, 0.8),
    /^Whether .* is not clear: a classifier does no better than guessing \(AUC 0\.30, .*0\.80\), but they are too few.* sure\.$/,
  );
  assert.match(
    says(0.45, 0.34, 0.56),
    /look alike: a classifier does no better than guessing \(AUC 0\.45, [^;]*0\.56\)\.$/,
  );
  assert.match(says(0.52, 0.4, 0.64), /^The train and test images look alike: .*\(AUC 0\.52, 95 % 0\.40 to 0\.64\)\.$/);
});
