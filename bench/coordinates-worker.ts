/** @module Times epochs of the reference MLP on random coordinates: `coordinates-worker.js IMAGES RANK EPOCHS`. Prints `{seconds, peakBytes}`. */
import { mlpOnFeatures } from "../src/models/index";
import { Random } from "../src/random/index";
import { Adam, chooseStepWay, useStepWay } from "../src/tensorflow/index";
import { batchesOf, createLoss, shuffled, Trainer } from "../src/training/index";
import { coordinateExamples } from "../src/training/subspace/coordinates";

async function main(): Promise<void> {
  const [images = 0, rank = 0, epochs = 0] = process.argv.slice(2).map(Number);
  const random = new Random(0);
  const coordinates = Float32Array.from({ length: images * rank }, () => 2 * random.next() - 1);
  const labels = Uint8Array.from({ length: images }, (_, i) => i % 2);
  const classes = Array.from({ length: rank }, () => "A1" as const);
  const examples = coordinateExamples(coordinates, classes, labels, 0);
  useStepWay((await chooseStepWay("dense")).chosen);
  const trainer = new Trainer(
    mlpOnFeatures(rank, { hidden: [2352, 2352, 294] }),
    batchesOf(examples, { size: 64, sampler: shuffled(images, 0), augment: true }),
    batchesOf(coordinateExamples(coordinates.slice(0, 2 * rank), classes, labels.slice(0, 2), 0), { size: 64 }),
    {
      optimizer: new Adam(),
      loss: createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 }),
      learningRate: () => 1e-4,
      epochs,
    },
  );
  await trainer.fit();
  const seconds = trainer.history.map((epoch) => epoch.seconds);
  process.stdout.write(`${JSON.stringify({ seconds, peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`);
}

void main();
