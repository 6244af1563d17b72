/** @module Callbacks that act when a training no longer improves: stop it, or lower its learning rate. */
import { improves, type Monitor, measureName, monitored } from "../../evaluation/index";
import { counted } from "../../format/index";
import type { Callback, EpochResult, RunningTraining, StatefulCallback } from "./callback";

/** Stops when the monitored metric has not improved by more than `minDelta` for `patience` epochs. */
export class EarlyStopping implements Callback {
  constructor(
    private readonly monitor: Monitor,
    private readonly patience: number,
    private readonly minDelta = 0,
  ) {}

  reasonToStop({ history }: RunningTraining): string | undefined {
    let best: number | undefined;
    let waited = 0;
    for (const result of history) {
      const value = monitored(result, this.monitor);
      waited++;
      if (!improves(value, best, this.monitor, this.minDelta)) continue;
      best = value;
      waited = 0;
    }
    if (waited < this.patience) return undefined;
    return `${measureName(this.monitor.metric)} has not improved for ${counted(this.patience, "epoch")}`;
  }
}

/** Stops when the validation loss has risen `epochs` times in a row. */
export class StopWhenLossRises implements Callback {
  constructor(private readonly epochs: number) {}

  reasonToStop({ history }: RunningTraining): string | undefined {
    const losses = history.slice(-this.epochs - 1).map((result) => result.validation.loss);
    const rises = losses.slice(1).every((loss, i) => loss > (losses[i] as number));
    if (losses.length <= this.epochs || !rises) return undefined;
    return `the validation loss has risen for ${counted(this.epochs, "epoch")}`;
  }
}

/** The best value so far, and the number of epochs since then or since the rate was lowered. */
export interface PlateauState {
  readonly best?: number | undefined;
  readonly waited: number;
}

/** Multiplies the learning rate by `factor` after `patience` epochs without improvement. */
export class ReduceOnPlateau implements StatefulCallback<PlateauState> {
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

  state(): PlateauState {
    return { best: this.best, waited: this.waited };
  }

  restore(state: PlateauState): void {
    this.best = state.best;
    this.waited = state.waited;
  }
}
