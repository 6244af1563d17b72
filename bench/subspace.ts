/**
 * @module The subspace stem: the basis of all eight views of 2175 tiles at 224 px, r = 256, and an epoch on it, against a
 * randomized SVD of the same views and the same epoch in PyTorch.
 */
import type { BenchmarkContext, BenchmarkResult } from "./benchmark";
import { measureOurs, measurePython } from "./processes";
import { peerPython } from "./python-peers";

interface Times {
  readonly basisSeconds: number;
  readonly epochSeconds: number;
  /** Share of the views' variance that the basis holds. */
  readonly explained: number;
}

export async function run({ progress, signal, quick }: BenchmarkContext): Promise<BenchmarkResult> {
  const python = await peerPython(["torch", "numpy"]);
  const [size, images, rank] = quick ? [32, 128, 16] : [224, 2175, 256];
  progress.say(`A basis of ${images} images at ${size} px in eight views`);
  const ours = await measureOurs<Times>("subspace-worker.js", size, images, rank);
  signal.throwIfAborted();
  const peer = await measurePython<Times>(python, "subspace.py", size, images, rank);
  return {
    name: "subspace",
    ours,
    peer: { name: "PyTorch, torch.svd_lowrank over the eight views and the same MLP", ...peer },
    ratio: Math.min(peer.basisSeconds / ours.basisSeconds, peer.epochSeconds / ours.epochSeconds),
  };
}
