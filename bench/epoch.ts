/**
 * @module An epoch of 2175 tiles through the reference MLP, data loading and augmentation included, against PyTorch's steps
 * on a batch that is in memory already. Ours is measured over 768 of them and scaled.
 */
import type { BenchmarkContext, BenchmarkResult } from "./benchmark";
import { median } from "./median";
import { measureOurs, measurePython } from "./processes";
import { peerPython } from "./python-peers";

const IMAGES = 2175;

export async function run({ progress, signal, quick }: BenchmarkContext): Promise<BenchmarkResult> {
  const python = await peerPython(["torch", "numpy"]);
  const [size, images] = quick ? [32, 256] : [224, 768];
  progress.say(`An epoch of ${images} images at ${size} px`);
  const ours = await measureOurs<{ seconds: number; waiting: number; peakBytes: number }>(
    "epoch-worker.js",
    size,
    images,
  );
  signal.throwIfAborted();
  const peer = await measurePython<{ seconds: number[] }>(python, "train_step.py", "medium", size, 7);
  const peerEpoch = median(peer.seconds.slice(2)) * Math.ceil(IMAGES / 64);
  const epochSeconds = (ours.seconds * IMAGES) / images;
  return {
    name: "epoch",
    ours: { epochSeconds, waitingShare: ours.waiting, peakBytes: ours.peakBytes },
    peer: { name: "PyTorch, fused Adam, without data loading", epochSeconds: peerEpoch },
    ratio: peerEpoch / epochSeconds,
  };
}
