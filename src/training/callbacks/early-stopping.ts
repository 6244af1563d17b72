/** @module Ending a training early. */
import { counted } from "../../format/index";
import type { Callback, RunningTraining } from "./callback";
import { Patience } from "./patience";

/** Stops when the monitored metric has not improved by more than `minDelta` for `patience` epochs. */
export class EarlyStopping extends Patience {
  readonly name = "early-stopping";

  protected onPatienceEnd(trainer: RunningTraining): void {
    trainer.stopReason = `${this.monitor.metric} has not improved for ${counted(this.patience, "epoch")}`;
  }
}

/** Stops when the validation loss has risen `epochs` times in a row. */
export class StopWhenLossRises implements Callback {
  constructor(private readonly epochs: number) {}

  onEpochEnd(trainer: RunningTraining): void {
    const losses = trainer.history.slice(-this.epochs - 1).map((result) => result.validation.loss);
    const rises = losses.slice(1).every((loss, i) => loss > (losses[i] as number));
    if (losses.length > this.epochs && rises) {
      trainer.stopReason = `the validation loss has risen for ${counted(this.epochs, "epoch")}`;
    }
  }
}
