import assert from "node:assert/strict";
import { test } from "node:test";
import { ReduceOnPlateau } from "../../../src/training/callbacks/patience";
import { epochResult, watchedTrainer } from "../../support/epochs";

const MONITOR = { metric: "loss", mode: "min" } as const;

/** The scale of the learning rate after each epoch with these validation losses. */
function scales(losses: readonly number[], patience: number): number[] {
  const trainer = watchedTrainer();
  const callback = new ReduceOnPlateau(MONITOR, 0.5, patience);
  return losses.map((loss) => {
    callback.onEpochEnd(trainer, epochResult(1, { loss }));
    return trainer.lrScale;
  });
}

for (const [what, patience, losses, expected] of [
  ["lowers the rate after `patience` epochs without improvement", 2, [1, 1, 1], [1, 1, 0.5]],
  ["counts anew after it lowered the rate", 2, [1, 1, 1, 1, 1], [1, 1, 0.5, 0.5, 0.25]],
  ["counts anew after an improvement", 2, [1, 1, 0.9, 1, 1], [1, 1, 1, 1, 0.5]],
  ["takes what is not a number for no improvement", 1, [1, Number.NaN], [1, 0.5]],
] as const) {
  test(what, () => assert.deepEqual(scales(losses, patience), expected));
}

test("what is restored goes on counting", () => {
  const [before, after] = [new ReduceOnPlateau(MONITOR, 0.5, 2), new ReduceOnPlateau(MONITOR, 0.5, 2)];
  const trainer = watchedTrainer();
  for (const loss of [1, 1]) before.onEpochEnd(trainer, epochResult(1, { loss }));
  after.restore(JSON.parse(JSON.stringify(before.state())));
  after.onEpochEnd(trainer, epochResult(1, { loss: 1 }));
  assert.equal(trainer.lrScale, 0.5);
});
