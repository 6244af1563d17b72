/** @module The thread of `Prefetcher`: reads batches into shared memory and augments them. */
import { parentPort, workerData } from "node:worker_threads";
import { StoreFile } from "../dataset/store/index";
import { augmentationNamed, createAugmentation } from "../image/augment/index";
import type { PrefetchPlan, PrefetchRequest } from "./prefetch";

const plan = workerData as PrefetchPlan;
const flags = new Int32Array(plan.flags);
const opened = StoreFile.open(plan.store);
const store = opened?.contentHash === plan.contentHash ? opened : undefined;
const augmentation = createAugmentation(augmentationNamed(plan.augment), plan.seed);

parentPort?.on("message", ({ id, slot, positions, images, epoch }: PrefetchRequest) => {
  let done = -id;
  try {
    const length = positions.length * (store?.bytesPerImage ?? 0);
    const bytes = new Uint8Array(plan.slots[slot] as SharedArrayBuffer, 0, length);
    store?.read(positions, bytes);
    if (store && augmentation && epoch !== undefined) {
      images.forEach((image, i) => {
        const start = i * store.bytesPerImage;
        augmentation(bytes.subarray(start, start + store.bytesPerImage), store.size, epoch, image);
      });
    }
    if (store) done = id;
  } finally {
    Atomics.store(flags, slot, done);
    Atomics.notify(flags, slot);
  }
});
