/** @module Times the basis and an epoch on its coordinates: `subspace-worker.js SIZE TILES RANK`; TILES is a file of raw pixels. */
import { statSync } from "node:fs";
import { mlpOnFeatures } from "../src/models/index";
import { silentProgress } from "../src/progress/index";
import { Adam, chooseStepWay, useStepWay } from "../src/tensorflow/index";
import { batchesOf, createLoss, pixelExamples, shuffled, Trainer } from "../src/training/index";
import { principalBasis } from "../src/training/subspace/basis";
import { coordinateExamples, project, whitenedProjection } from "../src/training/subspace/coordinates";
import { tilesOfFile } from "./random-tiles";

async function main(): Promise<void> {
  const [size, rank] = [Number(process.argv[2]), Number(process.argv[4])];
  const path = process.argv[3] as string;
  const store = tilesOfFile(path, size);
  const images = statSync(path).size / store.bytesPerImage;
  const labels = Uint8Array.from({ length: images }, (_, i) => i % 2);
  const positions = Uint32Array.from(labels, (_, i) => i);
  const scale = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const started = performance.now();
  const basis = await principalBasis(store, positions, scale, { rank, seed: 0, progress: silentProgress });
  const basisSeconds = (performance.now() - started) / 1000;
  const coordinates = await project(
    pixelExamples(store, positions, labels, scale),
    whitenedProjection(basis, 0.5),
    () => undefined,
  );
  useStepWay((await chooseStepWay("dense")).chosen);
  const examples = coordinateExamples(coordinates, basis.classes, labels, 0);
  const source = batchesOf(examples, { size: 64, sampler: shuffled(images, 0), augment: true });
  const trainer = new Trainer(
    mlpOnFeatures(basis.rank, { hidden: [2352, 2352, 294] }),
    source,
    batchesOf(coordinateExamples(coordinates.slice(0, 2 * basis.rank), basis.classes, labels.slice(0, 2), 0), {
      size: 64,
    }),
    {
      optimizer: new Adam(),
      loss: createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 }),
      learningRate: () => 1e-4,
      epochs: 4,
    },
  );
  await trainer.fit();
  const epochs = trainer.history.slice(1).map(({ seconds }) => seconds);
  const explained = basis.variances.reduce((a, b) => a + b, 0) / basis.totalVariance;
  process.stdout.write(`${JSON.stringify({ basisSeconds, epochSeconds: Math.min(...epochs), explained })}\n`);
}

void main();
