/**
 * @module An epoch of 2175 tiles through the reference MLP, with data loading and augmentation, against PyTorch's steps on a
 * batch that is in memory already. Our side is measured over 768 tiles and scaled.
 */
import type { BenchmarkContext, Measured } from "./benchmark";
import { median } from "./median";
import { measureOurs, measurePython } from "./processes";
import { torchPython } from "./python-peers";

const IMAGES = 2175;

export async function run({ progress, budget, quick }: BenchmarkContext): Promise<Measured> {
  const python = await torchPython("numpy");
  const [size, images] = quick ? [32, 256] : [224, 768];
  progress.say(`An epoch of ${images} images at ${size} px`);
  let ours = { seconds: Number.NaN, waiting: Number.NaN, peakBytes: Number.NaN };
  let peer: { readonly seconds: readonly number[] } = { seconds: [] };
  await budget.rounds(1, async () => {
    ours = await measureOurs({ budget, share: 2 }, "epoch-worker.js", size, images);
    peer = await measurePython({ budget }, python, "train_step.py", "medium", size, 7);
  });
  const peerEpoch = median(peer.seconds.slice(2)) * Math.ceil(IMAGES / 64);
  const epochSeconds = (ours.seconds * IMAGES) / images;
  return {
    name: "epoch",
    ours: { epochSeconds, waitingShare: ours.waiting, peakBytes: ours.peakBytes },
    peer: { name: "PyTorch, fused Adam, without data loading", epochSeconds: peerEpoch },
    ratio: peerEpoch / epochSeconds,
  };
}
