/**
 * @module Times a search in the subspace, from the start of the command to the leaderboard: `search-worker.js SIZE IMAGES RANK
 * ARCHITECTURES EPOCHS`. Prints `{prepareSeconds, searchSeconds, trials, trainTiles, peakBytes}`.
 */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeSyntheticDataset } from "../src/dataset/index";
import { Interrupted } from "../src/errors/index";
import { cacheDirectory, readJson } from "../src/files/index";
import { type Progress, silentProgress } from "../src/progress/index";
import type { RunConfig } from "../src/runs/index";
import { parseSpace, runSearch } from "../src/search/index";
import { runTraining } from "../src/training/index";
import { architectures } from "./search-architectures";
import { inTemporaryFolder } from "./temporary-folder";

async function main(): Promise<void> {
  const [size = 224, images = 3152, rank = 256, count = 20, epochs = 10] = process.argv.slice(2).map(Number);
  const data = join(cacheDirectory(), "bench", `synthetic-${images}-${size}`);
  if (!existsSync(data)) await writeSyntheticDataset({ out: data, images, size });
  await inTemporaryFolder(async (folder) => {
    // An empty cache, so that nothing from an earlier run helps.
    process.env.HISTO_CACHE = join(folder, "cache");
    const started = performance.now();
    const shared = { size, stem: "subspace", rank, augment: "dihedral" } as const;
    await runTraining({ data, ...shared, hidden: [8], epochs: 1 }, { run: join(folder, "prepare") });
    await forgetCoordinates();
    const prepared = performance.now();
    const space = parseSpace({ ...shared, epochs, hidden: { choice: architectures.slice(0, count) } });
    const run = join(folder, "search");
    const controller = new AbortController();
    const left = 1000 * Number(process.env.HISTO_BENCH_SECONDS ?? 1e6) - prepared;
    const timer = setTimeout(() => controller.abort(new Interrupted()), Math.max(1, left));
    const search = { data, space, run, sampler: "grid", trials: count, signal: controller.signal } as const;
    const finished = await runSearch({ ...search, progress: countingTrials }).then(
      (result) => result.finished,
      (error: unknown) => {
        if (controller.signal.aborted) return trialEnds.length;
        throw error;
      },
    );
    clearTimeout(timer);
    const searched = controller.signal.aborted ? (trialEnds.at(-1) ?? Number.NaN) : performance.now();
    const { tiles } = await readJson<RunConfig>(join(run, "trial-000", "config.json"));
    process.stdout.write(
      `${JSON.stringify({
        prepareSeconds: (prepared - started) / 1000,
        searchSeconds: (searched - prepared) / 1000,
        trials: finished,
        trainTiles: tiles.train,
        peakBytes: process.resourceUsage().maxRSS * 1024,
      })}\n`,
    );
  });
}

/** When trials ended, from the search's progress lines. */
const trialEnds: number[] = [];
const countingTrials: Progress = {
  ...silentProgress,
  say(line) {
    if (/^Trial \d+: .* in all\)/.test(line)) trialEnds.push(performance.now());
  },
};

/** The basis is not part of the measured search, but the projection of the tiles is. */
async function forgetCoordinates(): Promise<void> {
  const subspace = join(cacheDirectory(), "subspace");
  for (const name of await readdir(subspace)) if (name.includes("coordinates")) await rm(join(subspace, name));
}

void main();
