/**
 * @module The subspace stem: the basis of all eight views of 2175 tiles at 224 px, rank 256, and an epoch on it, against a
 * randomized SVD of the same views and the same epoch in PyTorch.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchmarkContext, Measured } from "./benchmark";
import { measureOurs, measurePython } from "./processes";
import { torchPython } from "./python-peers";
import { randomPixels } from "./random-tiles";
import { inTemporaryFolder } from "./temporary-folder";

interface Times {
  readonly basisSeconds: number;
  readonly epochSeconds: number;
  /** Share of the views' variance that the basis holds. */
  readonly explained: number;
}

const NOTHING: Times = { basisSeconds: Number.NaN, epochSeconds: Number.NaN, explained: Number.NaN };

export async function run({ progress, budget, quick }: BenchmarkContext): Promise<Measured> {
  const python = await torchPython("numpy");
  const [size, images, rank] = quick ? [32, 128, 16] : [224, 2175, 256];
  const few = quick ? images : Math.ceil(images / 8);
  progress.say(`A basis of ${images} images at ${size} px in eight views`);
  return inTemporaryFolder(async (folder) => {
    const tiles = join(folder, "tiles.raw");
    let [ours, peer] = [NOTHING, NOTHING];
    const measure = async (some: number) => {
      await writeFile(tiles, randomPixels(some, size));
      ours = scaled(await measureOurs({ budget, share: 3 }, "subspace-worker.js", size, tiles, rank), images / some);
      peer = scaled(await measurePython({ budget }, python, "subspace.py", size, tiles, rank), images / some);
    };
    // The number of images is doubled while that fits, because a process also takes time that does not depend on it.
    await budget.rounds(1, async () => {
      for (let some = few; ; ) {
        const before = budget.left;
        await measure(some);
        if (some === images) return;
        const fit = (some * budget.left) / (before - budget.left);
        if (fit < 2 * some) return budget.note(some, images, "images, from which times are scaled");
        some = fit < images ? 2 * some : images;
      }
    });
    return {
      name: "subspace",
      ours,
      peer: { name: "PyTorch, a randomized SVD of the eight views and the same MLP", ...peer },
      ratio: Math.min(peer.basisSeconds / ours.basisSeconds, peer.epochSeconds / ours.epochSeconds),
    };
  });
}

function scaled({ basisSeconds, epochSeconds, explained }: Times, factor: number): Times {
  return { basisSeconds: factor * basisSeconds, epochSeconds: factor * epochSeconds, explained };
}
