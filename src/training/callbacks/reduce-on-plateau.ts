/** @module Lowering the learning rate when the monitored metric stands still. */

import { improves, type Monitor, monitored } from "../../evaluation/index";
import type { EpochResult } from "../epoch";
import type { RunningTraining, StatefulCallback } from "./callback";
import type { Waiting } from "./early-stopping";

/** Multiplies the learning rate by `factor` after `patience` epochs without improvement. */
export class ReduceOnPlateau implements StatefulCallback<Waiting> {
  readonly name = "reduce-on-plateau";
  private best: number | undefined;
  private waited = 0;

  constructor(
    private readonly monitor: Monitor,
    private readonly factor: number,
    private readonly patience: number,
  ) {}

  onEpochEnd(trainer: RunningTraining, result: EpochResult): void {
    const value = monitored(result, this.monitor);
    if (improves(value, this.best, this.monitor)) {
      this.best = value;
      this.waited = 0;
    } else if (++this.waited >= this.patience) {
      trainer.lrScale *= this.factor;
      this.waited = 0;
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
