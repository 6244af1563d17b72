/** @module Waiting for the monitored metric to improve. */
import { improves, type Monitor, monitored } from "../../evaluation/index";
import type { EpochResult } from "../epoch";
import type { RunningTraining, StatefulCallback } from "./callback";

/** The best value so far, and the number of epochs since then. */
export interface PatienceState {
  readonly best?: number | undefined;
  readonly waited: number;
}

/** Counts the epochs in which the monitored metric does not improve by more than `minDelta`. */
export abstract class Patience implements StatefulCallback<PatienceState> {
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
