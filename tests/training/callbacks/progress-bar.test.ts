import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress } from "../../../src/progress/index";
import { ProgressBar, type Trainer } from "../../../src/training/index";
import { epochResult, watchedTrainer } from "../../support/epochs";

/** Progress that notes what it is told. */
function noted() {
  const told: unknown[] = [];
  const progress: Progress = {
    say: (line) => void told.push(["say", line]),
    start(...what) {
      told.push(["start", ...what]);
      return {
        update: (...done) => void told.push(["update", ...done]),
        finish: (summary) => void told.push(["finish", summary]),
      };
    },
  };
  return { progress, told };
}

/** 20 images in each of 3 epochs. */
const at = (more: Partial<Trainer>) =>
  watchedTrainer({ options: { epochs: 3 }, source: { examples: 20, batches: 5 }, ...more } as Partial<Trainer>);
const seen = (images: number, lossSum: number) => ({
  lossSum,
  weight: images,
  logits: Array(images).fill(0),
  labels: [],
});

for (const [what, tell, expected] of [
  ["the bar is as long as all epochs", () => undefined, ["start", "Training", 60, "images"]],
  [
    "a batch moves it by its images and shows the mean loss",
    (bar: ProgressBar) => bar.onBatchEnd(at({ seen: seen(8, 4) })),
    ["update", 8, "epoch 1 loss 0.5000"],
  ],
  [
    "later epochs count on and show the last validation",
    (bar: ProgressBar) =>
      bar.onBatchEnd(at({ epoch: 1, seen: seen(4, 1), history: [epochResult(1, { rocAuc: 0.9 })] })),
    ["update", 24, "epoch 2 loss 0.2500 AUC 0.900"],
  ],
  [
    "an epoch has a line of its own",
    (bar: ProgressBar) => bar.onEpochEnd(at({}), epochResult(1, { loss: 0.25 })),
    ["say", "epoch 1: loss 0.2500 / 0.2500, AUC 0.750 / 0.750 (train / validation), lr 1.0e-3, 50 images/s, 2.0 s"],
  ],
  [
    "an interruption says where it was",
    (bar: ProgressBar) => bar.onInterrupt(at({ epoch: 1, batch: 2 })),
    ["finish", "stopped in epoch 2 after batch 2"],
  ],
  ["the end says how many epochs", (bar: ProgressBar) => bar.onEnd(at({ epoch: 3 })), ["finish", "3 epochs"]],
  [
    "an early end says why",
    (bar: ProgressBar) => bar.onEnd(at({ epoch: 2, stopReason: "it is enough" })),
    ["finish", "2 epochs, stopped because it is enough"],
  ],
] as const) {
  test(what, () => {
    const { progress, told } = noted();
    const bar = new ProgressBar(progress);
    bar.onStart(at({}));
    tell(bar);
    assert.deepEqual(told.at(-1), expected);
  });
}
