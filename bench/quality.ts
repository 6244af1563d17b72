/**
 * @module Accuracy on real tiles (`pcam-mini`, or `HISTO_BENCH_DATA`): the MLP on pixels and in a subspace against the same
 * MLP in PyTorch. Five seeds, one fixed validation split; mean and standard deviation of the test AUC.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../src/files/index";
import { resolveTrainingOptions, type TrainingOptions } from "../src/options/index";
import { silentProgress } from "../src/progress/index";
import { openTrainingData, runTraining } from "../src/training/index";
import type { BenchmarkContext, Measured } from "./benchmark";
import { measurePython } from "./processes";
import { torchPython } from "./python-peers";
import { inTemporaryFolder } from "./temporary-folder";

const SHARED = { hidden: [432, 432, 54], dropout: 0.5, augment: "dihedral" } as const;
const WAYS: Readonly<Record<string, Partial<TrainingOptions>>> = {
  // In the peer's precision.
  pixels: { ...SHARED, lr: 1e-4, precision: "fp32" },
  subspace: { ...SHARED, stem: "subspace", rank: 64, whitening: 0.5, optimizer: "adamw", weightDecay: 0.05, lr: 1e-3 },
};

export async function run({ progress, budget, quick }: BenchmarkContext): Promise<Measured> {
  const data = process.env.HISTO_BENCH_DATA ?? join(projectRoot(), "..", "shared", "data", "pcam-mini");
  const [size, epochs, seeds] = quick ? [32, 2, 1] : [96, 40, 5];
  const python = await torchPython("numpy", "pillow");
  const aucs: Record<string, number[]> = { pixels: [], subspace: [], PyTorch: [] };
  const task = progress.start("Trainings", 3 * seeds);
  await inTemporaryFolder(async (folder) => {
    const tiles = await writeTiles(join(folder, "tiles.json"), data, size);
    await budget.rounds(
      seeds,
      async (seed) => {
        for (const [way, options] of Object.entries(WAYS)) {
          const given = { ...options, data, size, epochs, seed };
          const { test } = await runTraining(given, {
            run: join(folder, `${way}-${seed}`),
            progress: silentProgress,
            signal: budget.signal,
          });
          aucs[way]?.push(test.rocAuc);
          task.update(Object.values(aucs).flat().length);
        }
        aucs.PyTorch?.push(
          (await measurePython<{ testAuc: number }>({ budget }, python, "quality.py", tiles, seed, epochs)).testAuc,
        );
      },
      "seeds",
    );
  });
  task.finish();
  const [pixels, subspace, peer] = [spread(aucs.pixels), spread(aucs.subspace), spread(aucs.PyTorch)];
  return {
    name: "quality",
    ours: {
      pixelsAuc: pixels.mean,
      pixelsSpread: pixels.deviation,
      subspaceAuc: subspace.mean,
      subspaceSpread: subspace.deviation,
    },
    peer: { name: "PyTorch, the same MLP on pixels", auc: peer.mean, spread: peer.deviation },
    ratio: Math.min(pixels.mean, subspace.mean) / peer.mean,
  };
}

async function writeTiles(path: string, data: string, size: number): Promise<string> {
  const options = resolveTrainingOptions({ data, size, seed: 0 });
  const opened = await openTrainingData(options, { progress: silentProgress });
  const { mean, std } = opened.preprocessing;
  const { hidden, dropout } = SHARED;
  await writeFile(path, JSON.stringify({ mean, std, hidden, dropout, lr: 1e-4, tiles: opened.dataset.tiles }));
  opened.close();
  return path;
}

function spread(values: readonly number[] = []) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}
