/** Examples that an epoch draws more than once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadDataset, openPixelStore } from "../../src/dataset/index";
import { augmentationNamed, createAugmentation } from "../../src/image/index";
import { balanced, batchesOf, type Examples, featureExamples, pixelExamples } from "../../src/training/index";
import { Prefetcher } from "../../src/training/prefetch";
import { coordinateExamples } from "../../src/training/subspace/coordinates";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const LABELS = Uint8Array.from({ length: 24 }, (_, i) => (i === 5 ? 1 : 0));
const sampler = balanced(LABELS, 2);

/** The inputs of the only positive example, which half of the draws are, in each draw of an epoch. */
function drawsOf(examples: Examples, epoch: number): string[] {
  const source = batchesOf(examples, { size: 8, sampler, augment: true });
  return Array.from({ length: source.batches }, (_, index) => {
    const { inputs, labels } = source.load(epoch, index);
    const [values, own] = [inputs.dataSync(), labels.dataSync()];
    const width = values.length / own.length;
    return [...own].flatMap((label, i) => (label === 1 ? [values.slice(i * width, (i + 1) * width).join()] : []));
  }).flat();
}

async function storeOf(context: TestContext) {
  const folder = await temporaryDirectory(context);
  const data = await loadDataset(await writeCsvSet(join(folder, "data"), LABELS.length));
  const store = await openPixelStore(data, { size: 16, cacheDirectory: folder });
  context.after(() => store.close());
  return store;
}

test("an example that is drawn again in an epoch is augmented in another way each time", async (context) => {
  const store = await storeOf(context);
  const scale = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } as const;
  const positions = Uint32Array.from(LABELS.keys());
  const augmentation = createAugmentation(augmentationNamed("dihedral,jitter"), 3);
  const draws = drawsOf(pixelExamples(store, positions, LABELS, scale, augmentation), 0);
  assert.ok(draws.length >= 6, `${draws.length} draws`);
  assert.equal(new Set(draws).size, draws.length);
  const again = drawsOf(pixelExamples(store, positions, LABELS, scale, augmentation), 0);
  assert.deepEqual(again, draws, "an epoch can be repeated");

  const prefetcher = Prefetcher.start(
    { store: store.path as string, contentHash: store.contentHash, augment: "dihedral,jitter", seed: 3 },
    8 * 768,
  );
  assert.ok(prefetcher);
  context.after(() => prefetcher.close());
  assert.deepEqual(drawsOf(pixelExamples(store, positions, LABELS, scale, augmentation, prefetcher), 0), draws);
});

test("a single example that is left over joins the last batch where batches are normalized", () => {
  const count = 9;
  const values = Float32Array.from({ length: count }, (_, i) => i);
  const examples = featureExamples([values], 1, new Uint8Array(count), 0);
  const sizesWith = (size: number, least: number) => {
    const source = batchesOf(examples, { size, least });
    const batches = Array.from({ length: source.batches }, (_, index) => [...source.load(0, index).inputs.dataSync()]);
    assert.deepEqual(batches.flat(), [...values]);
    return batches.map(({ length }) => length);
  };
  assert.deepEqual(sizesWith(4, 1), [4, 4, 1]);
  assert.deepEqual(sizesWith(4, 2), [4, 5]);
  assert.deepEqual(sizesWith(3, 2), [3, 3, 3]);
  assert.deepEqual(sizesWith(7, 2), [7, 2]);
  assert.deepEqual(sizesWith(16, 2), [9]);
});

test("coordinates and features have other views too", () => {
  const classes = ["B1", "B2", "A2", "E", "E"] as const;
  const values = Float32Array.from({ length: LABELS.length * classes.length }, (_, i) => i + 1);
  const views = new Set(drawsOf(coordinateExamples(values, classes, LABELS, 1), 0));
  assert.ok(views.size > 3, `${views.size} of 8 views`);
  const ofView = (view: number) => Float32Array.from(LABELS, (_, i) => 100 * i + view);
  const features = drawsOf(featureExamples([0, 1, 2, 3, 4, 5, 6, 7].map(ofView), 1, LABELS, 1), 0);
  assert.ok(features.every((feature) => Math.floor(Number(feature) / 100) === 5));
  assert.ok(new Set(features).size > 3);
});
