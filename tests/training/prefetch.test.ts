import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { loadDataset, openPixelStore } from "../../src/dataset/index";
import { augmentationNamed, createAugmentation } from "../../src/image/index";
import { batchesOf, pixelExamples, shuffled } from "../../src/training/index";
import { Prefetcher } from "../../src/training/prefetch";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("batches from the thread are those that would have been loaded without it", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await loadDataset(await writeCsvSet(join(folder, "data"), 20));
  const store = await openPixelStore(data, { size: 16, cacheDirectory: folder });
  const positions = Uint32Array.from({ length: 18 }, (_, i) => 19 - i);
  const labels = new Uint8Array(18);
  const scale = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } as const;
  const augment = "dihedral,jitter";
  const augmentation = createAugmentation(augmentationNamed(augment), 3);
  const prefetcher = Prefetcher.start(
    { store: store.path as string, contentHash: store.contentHash, augment, seed: 3 },
    5 * store.bytesPerImage,
  );
  assert.ok(prefetcher);
  const fromThread: boolean[] = [];
  const take = prefetcher.take.bind(prefetcher);
  context.mock.method(prefetcher, "take", (...args: Parameters<Prefetcher["take"]>) => {
    const bytes = take(...args);
    fromThread.push(bytes !== undefined);
    return bytes;
  });
  const options = { size: 5, sampler: shuffled(18, 1), augment: true };
  const plain = batchesOf(pixelExamples(store, positions, labels, scale, augmentation), options);
  const ahead = batchesOf(pixelExamples(store, positions, labels, scale, augmentation, prefetcher), options);
  for (const [epoch, index] of [
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 0],
    [1, 3],
    [0, 2],
  ] as const) {
    assert.deepEqual(ahead.load(epoch, index).inputs.dataSync(), plain.load(epoch, index).inputs.dataSync());
  }
  // All but the first, and those that do not follow the batch before.
  assert.deepEqual(fromThread, [false, true, true, true, true, false, false]);
  await prefetcher.close();
  store.close();
});

test("a thread that has died is not waited for", async () => {
  const prefetcher = Prefetcher.start({ store: "none", contentHash: "", augment: "no such augmentation", seed: 0 }, 8);
  assert.ok(prefetcher);
  const positions = Uint32Array.of(0);
  prefetcher.ask(positions, positions, 0);
  while (prefetcher.alive) await setTimeout(10);
  prefetcher.ask(positions, positions, 0);
  const started = performance.now();
  assert.equal(prefetcher.take(positions, 0, 8), undefined);
  assert.ok(performance.now() - started < 1000);
});

test("a store that another process has replaced is not read", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await loadDataset(await writeCsvSet(join(folder, "data"), 8));
  const store = await openPixelStore(data, { size: 16, cacheDirectory: folder });
  const turned = { ...data, tiles: [...data.tiles].reverse() };
  const other = await openPixelStore(turned, { size: 16, cacheDirectory: folder });
  assert.equal(other.path, store.path);
  const { path = "", contentHash, bytesPerImage } = store;
  const prefetcher = Prefetcher.start({ store: path, contentHash, augment: "none", seed: 0 }, 8 * bytesPerImage);
  const positions = Uint32Array.from({ length: 8 }, (_, i) => i);
  const labels = new Uint8Array(8);
  const scale = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } as const;
  const options = { size: 4, sampler: shuffled(8, 1) };
  const plain = batchesOf(pixelExamples(store, positions, labels, scale), options);
  const ahead = batchesOf(pixelExamples(store, positions, labels, scale, undefined, prefetcher), options);
  for (const index of [0, 1])
    assert.deepEqual(ahead.load(0, index).inputs.dataSync(), plain.load(0, index).inputs.dataSync());
  await prefetcher?.close();
  for (const one of [store, other]) one.close();
});
