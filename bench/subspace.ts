/**
 * @module The subspace stem against PyTorch: epochs of 2175 tiles on 256 coordinates, each measurement in its own process and
 * in turns, and the basis of all eight views of the tiles at 224 px against a randomized SVD of the same views.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { alternateSteps, type Steps } from "./alternating-steps";
import type { BenchmarkContext, Measured } from "./benchmark";
import { measureOurs, measurePython, type ProcessTime } from "./processes";
import { torchPython } from "./python-peers";
import { randomPixels } from "./random-tiles";
import { inTemporaryFolder } from "./temporary-folder";

interface BasisTime {
  readonly basisSeconds: number;
  /** Share of the views' variance that the basis holds. */
  readonly explained: number;
}

const NOTHING: BasisTime = { basisSeconds: Number.NaN, explained: Number.NaN };

export async function run(context: BenchmarkContext): Promise<Measured> {
  const { progress, budget, quick } = context;
  const python = await torchPython("numpy");
  const [size, images, rank] = quick ? [32, 128, 16] : [224, 2175, 256];
  const [epochs, rounds] = quick ? [3, 1] : [8, 5];
  const configurations = {
    ours: (time: ProcessTime) => measureOurs<Steps>(time, "coordinates-worker.js", images, rank, epochs),
    peer: (time: ProcessTime) => measurePython<Steps>(time, python, "coordinates.py", images, rank, epochs),
  };
  const epoch = await alternateSteps("Epochs on coordinates", configurations, rounds, context);
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
    const [epochSeconds, peerEpochSeconds] = [epoch.seconds("ours"), epoch.seconds("peer")];
    return {
      name: "subspace",
      ours: { ...ours, epochSeconds },
      peer: {
        name: "PyTorch, a randomized SVD of the eight views and the same MLP",
        ...peer,
        epochSeconds: peerEpochSeconds,
      },
      ratio: Math.min(peer.basisSeconds / ours.basisSeconds, peerEpochSeconds / epochSeconds),
    };
  });
}

function scaled({ basisSeconds, explained }: BasisTime, factor: number): BasisTime {
  return { basisSeconds: factor * basisSeconds, explained };
}
