/** @module Times one epoch through the trainer: `epoch-worker.js SIZE IMAGES`. Prints `{seconds, waiting, peakBytes}`. */
import { augmentationNamed, createAugmentation } from "../src/image/index";
import { mlp } from "../src/models/index";
import { Adam, chooseStepWay, useStepWay } from "../src/tensorflow/index";
import { batchesOf, createLoss, pixelExamples, shuffled, Trainer } from "../src/training/index";
import { randomTiles } from "./random-tiles";

/** Skips the second epoch where it would take too long. (It is the one that counts, because the first is slower.) */
function stopOutOfTime(trainer: Trainer): void {
  if (2 * performance.now() > 1000 * Number(process.env.HISTO_BENCH_SECONDS ?? 1e6)) trainer.stopReason = "out of time";
}

async function main(): Promise<void> {
  const [size = 224, images = 768] = process.argv.slice(2).map(Number);
  useStepWay((await chooseStepWay("dense")).chosen);
  const labels = Uint8Array.from({ length: images }, (_, i) => i % 2);
  const positions = Uint32Array.from(labels, (_, i) => i);
  const scale = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const augmentation = createAugmentation(augmentationNamed("dihedral"), 0);
  const store = randomTiles(images, size);
  const examples = pixelExamples(store, positions, labels, scale, augmentation);
  const source = batchesOf(examples, { size: 64, sampler: shuffled(images, 0), augment: true });
  const few = pixelExamples(store, positions.slice(0, 2), labels.slice(0, 2), scale);
  const trainer = new Trainer(mlp(size, { hidden: [2352, 2352, 294] }), source, batchesOf(few, { size: 64 }), {
    optimizer: new Adam(),
    loss: createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 }),
    learningRate: () => 1e-6,
    epochs: 2,
    callbacks: [{ onEpochEnd: stopOutOfTime }],
  });
  await trainer.fit();
  const { seconds, waiting } = trainer.history.at(-1)!;
  process.stdout.write(`${JSON.stringify({ seconds, waiting, peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`);
}

void main();
