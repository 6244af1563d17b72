/** @module Saving checkpoints, so that a crash costs minutes and an interruption nothing. */
import { hasErrorCode, messageOf } from "../../errors/index";
import type { Progress } from "../../progress/index";
import type { CheckpointStore } from "../checkpoint";
import { type Trainer, TrainingDiverged } from "../trainer";
import type { Callback } from "./callback";

/** Largest share of the training time for saving, with `everyBatches` "auto". */
const TIME_SHARE = 0.05;

interface CheckpointOptions {
  /** Batches between two checkpoints. Default "auto": after an epoch, as often as 5 % of the time allows. */
  readonly everyBatches?: number | "auto";
  readonly progress: Progress;
}

/** Saves checkpoints during training and on an interruption. A failed save does not end the training. */
export class Checkpoints implements Callback {
  private lastSave = performance.now();
  private saveTime = 0;
  private savedStep = 0;

  constructor(
    private readonly store: CheckpointStore,
    private readonly options: CheckpointOptions,
  ) {}

  onStart(trainer: Trainer): void {
    this.savedStep = trainer.step;
  }

  async onBatchEnd(trainer: Trainer): Promise<void> {
    const { everyBatches = "auto" } = this.options;
    const due = everyBatches !== "auto" && trainer.step - this.savedStep >= everyBatches;
    if (due && trainer.atUpdate) await this.save(trainer);
  }

  async onEpochEnd(trainer: Trainer): Promise<void> {
    const { everyBatches = "auto" } = this.options;
    const due = (performance.now() - this.lastSave) * TIME_SHARE >= this.saveTime;
    if (everyBatches === "auto" && due) await this.save(trainer);
  }

  async onInterrupt(trainer: Trainer): Promise<void> {
    await this.save(trainer);
  }

  private async save(trainer: Trainer): Promise<void> {
    const started = performance.now();
    try {
      await this.store.save(trainer);
    } catch (error) {
      if (error instanceof TrainingDiverged) throw error;
      const why = hasErrorCode(error, "ENOSPC") ? "the disk is full" : messageOf(error);
      this.options.progress.say(`Warning: no checkpoint could be saved (${why}); the previous one is kept.`);
    }
    this.savedStep = trainer.step;
    this.lastSave = performance.now();
    this.saveTime = this.lastSave - started;
  }
}
