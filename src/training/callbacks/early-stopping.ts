/** @module Ending a run early. */

import { improves, type Monitor, monitored } from "../../evaluation/index";
import type { EpochResult } from "../epoch";
import type { Callback, RunningTraining, StatefulCallback } from "./callback";

/** The best value so far, and for how many epochs it has been the best. */
export interface Waiting {
  readonly best?: number | undefined;
  readonly waited: number;
}

/** Stops when the monitored metric has not improved by more than `minDelta` for `patience` epochs. */
export class EarlyStopping implements StatefulCallback<Waiting> {
  readonly name = "early-stopping";
  private best: number | undefined;
  private waited = 0;

  constructor(
    private readonly monitor: Monitor,
    private readonly patience: number,
    private readonly minDelta = 0,
  ) {}

  onEpochEnd(trainer: RunningTraining, result: EpochResult): void {
    const value = monitored(result, this.monitor);
    if (improves(value, this.best, this.monitor, this.minDelta)) {
      this.best = value;
      this.waited = 0;
    } else if (++this.waited >= this.patience) {
      trainer.stopReason = `${this.monitor.metric} has not improved for ${this.patience} epochs`;
    }
  }

  state(): Waiting {
    return { best: this.best, waited: this.waited };
  }

  restore(state: Waiting): void {
    this.best = state.best;
    this.waited = state.waited;
  }
}

/** Stops when the validation loss has risen `epochs` times in a row. */
export class StopWhenLossRises implements Callback {
  constructor(private readonly epochs: number) {}

  onEpochEnd(trainer: RunningTraining): void {
    const losses = trainer.history.slice(-this.epochs - 1).map((result) => result.validation.loss);
    const rises = losses.slice(1).every((loss, i) => loss > (losses[i] as number));
    if (losses.length > this.epochs && rises) {
      trainer.stopReason = `the validation loss has risen for ${this.epochs} epochs`;
    }
  }
}
