import assert from "node:assert/strict";
import { test } from "node:test";
import { type Callback, EarlyStopping, StopWhenLossRises } from "../../../src/training/index";
import { epochResult, watchedTrainer } from "../../support/epochs";

/** The epoch, counted from 1, after which the training stops; undefined where it never does. */
function stoppedAfter(callback: Callback, metric: string, values: readonly number[]): number | undefined {
  const trainer = watchedTrainer();
  for (const [i, value] of values.entries()) {
    trainer.history.push(epochResult(i + 1, { [metric]: value }));
    if (callback.reasonToStop?.(trainer)) return i + 1;
  }
  return undefined;
}

const AUC = { metric: "rocAuc", mode: "max" } as const;
const LOSS = { metric: "loss", mode: "min" } as const;

for (const [what, monitor, patience, minDelta, values, expected] of [
  ["stops after `patience` epochs without improvement", AUC, 2, 0, [0.6, 0.6, 0.5, 0.9], 3],
  ["goes on while the metric improves", AUC, 1, 0, [0.6, 0.7, 0.8], undefined],
  ["counts anew after an improvement", AUC, 2, 0, [0.6, 0.5, 0.7, 0.6, 0.6], 5],
  ["compares with the best, not with the epoch before", AUC, 2, 0, [0.9, 0.5, 0.6, 0.7], 3],
  ["does not count an improvement of `minDelta` or less", AUC, 2, 0.25, [0.5, 0.75, 0.75], 3],
  ["counts an improvement of more than `minDelta`", AUC, 2, 0.2, [0.5, 0.75, 0.75], undefined],
  ["takes the smaller loss for the better", LOSS, 2, 0, [1, 0.9, 0.8, 0.8, 0.9], 5],
  ["takes what is not a number for no improvement", AUC, 2, 0, [0.6, Number.NaN, Number.NaN], 3],
] as const) {
  test(`early stopping ${what}`, () => {
    assert.equal(stoppedAfter(new EarlyStopping(monitor, patience, minDelta), monitor.metric, values), expected);
  });
}

for (const [what, epochs, losses, expected] of [
  ["stops after as many rises in a row", 2, [1, 1.1, 1.2], 3],
  ["goes on where a fall lies between", 2, [1, 1.1, 1.05, 1.2, 1.1], undefined],
  ["takes an equal loss for no rise", 2, [1, 1, 1.1, 1.1, 1.2], undefined],
  ["compares with the epoch before, not with the best", 2, [1, 2, 1.5, 1.6, 1.7], 5],
  ["needs one epoch more than rises", 1, [1, 2], 2],
] as const) {
  test(`stopping when the loss rises ${what}`, () => {
    assert.equal(stoppedAfter(new StopWhenLossRises(epochs), "loss", losses), expected);
  });
}
