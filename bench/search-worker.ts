/**
 * @module Times a search in the subspace, from the command's start to the leaderboard: `search-worker.js SIZE IMAGES RANK
 * ARCHITECTURES EPOCHS`. Prints `{prepareSeconds, searchSeconds, trials, peakBytes}`.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSyntheticDataset } from "../src/dataset/index";
import { cacheDirectory } from "../src/files/index";
import { parseSpace, runSearch } from "../src/search/index";
import { runTraining } from "../src/training/index";
import { architectures } from "./search-architectures";

async function main(): Promise<void> {
  const [size = 224, images = 3152, rank = 256, count = 20, epochs = 10] = process.argv.slice(2).map(Number);
  const data = join(cacheDirectory(), "bench", `synthetic-${images}-${size}`);
  if (!existsSync(data)) await writeSyntheticDataset({ out: data, images, size });
  const folder = await mkdtemp(join(tmpdir(), "histo-bench-"));
  try {
    const started = performance.now();
    const shared = { size, stem: "subspace", rank, augment: "dihedral" } as const;
    await runTraining({ data, ...shared, hidden: [8], epochs: 1 }, { run: join(folder, "prepare") });
    const prepared = performance.now();
    const space = parseSpace({ ...shared, epochs, hidden: { choice: architectures.slice(0, count) } });
    const { finished } = await runSearch({ data, space, run: join(folder, "search"), sampler: "grid", trials: count });
    process.stdout.write(
      `${JSON.stringify({
        prepareSeconds: (prepared - started) / 1000,
        searchSeconds: (performance.now() - prepared) / 1000,
        trials: finished,
        peakBytes: process.resourceUsage().maxRSS * 1024,
      })}\n`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

void main();
