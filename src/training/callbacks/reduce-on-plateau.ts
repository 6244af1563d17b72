/** @module Lowering the learning rate when the monitored metric stops improving. */
import type { Monitor } from "../../evaluation/index";
import type { RunningTraining } from "./callback";
import { Patience } from "./patience";

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
