/** @module Times the basis of a subspace: `subspace-worker.js SIZE TILES RANK`; TILES is a file of raw pixels. */
import { statSync } from "node:fs";
import { silentProgress } from "../src/progress/index";
import { principalBasis } from "../src/training/subspace/basis";
import { tilesOfFile } from "./random-tiles";

async function main(): Promise<void> {
  const [size, path, rank] = [Number(process.argv[2]), process.argv[3] as string, Number(process.argv[4])];
  const store = tilesOfFile(path, size);
  const positions = Uint32Array.from({ length: statSync(path).size / store.bytesPerImage }, (_, i) => i);
  const scale = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const started = performance.now();
  const basis = await principalBasis(store, positions, scale, { rank, seed: 0, progress: silentProgress });
  const basisSeconds = (performance.now() - started) / 1000;
  const explained = basis.variances.reduce((a, b) => a + b, 0) / basis.totalVariance;
  process.stdout.write(`${JSON.stringify({ basisSeconds, explained })}\n`);
}

void main();
