/** @module Callbacks that act when a training no longer improves: stop it, or lower its learning rate. */
import { improves, type Monitor, monitored } from "../../evaluation/index";
import { counted } from "../../format/index";
import type { EpochResult } from "../epoch";
import type { Callback, RunningTraining, StatefulCallback } from "./callback";

/** The best value so far, and the number of epochs since then. */
export interface PatienceState {
  readonly best?: number | undefined;
  readonly waited: number;
}

/** Counts the epochs in which the monitored metric does not improve by more than `minDelta`. */
abstract class Patience implements StatefulCallback<PatienceState> {
  abstract readonly name: string;
  private best: number | undefined;
  protected waited = 0;

  constructor(
    protected readonly monitor: Monitor,
    protected readonly patience: number,
    private readonly minDelta = 0,
  ) {}

  /** Called after each epoch that ends `patience` or more epochs without improvement. */
  protected abstract onPatienceEnd(trainer: RunningTraining): void;

  onEpochEnd(trainer: RunningTraining, result: EpochResult): void {
    const value = monitored(result, this.monitor);
    if (improves(value, this.best, this.monitor, this.minDelta)) {
      this.best = value;
      this.waited = 0;
    } else if (++this.waited >= this.patience) this.onPatienceEnd(trainer);
  }

  state(): PatienceState {
    return { best: this.best, waited: this.waited };
  }

  restore(state: PatienceState): void {
    this.best = state.best;
    this.waited = state.waited;
  }
}

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

/** Multiplies the learning rate by `factor` after `patience` epochs without improvement. */
export class ReduceOnPlateau extends Patience {
  readonly name = "reduce-on-plateau";

  constructor(
    monitor: Monitor,
    private readonly factor: number,
    patience: number,
  ) {
    super(monitor, patience);
  }

  protected onPatienceEnd(trainer: RunningTraining): void {
    trainer.lrScale *= this.factor;
    this.waited = 0;
  }
}
