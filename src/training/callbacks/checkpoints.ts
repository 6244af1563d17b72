/** @module Saving checkpoints, so that a crash costs minutes and an interruption nothing. */
import { hasErrorCode, messageOf } from "../../errors/index";
import type { Progress } from "../../progress/index";
import type { CheckpointStore } from "../checkpoint";
import { type Trainer, TrainingDiverged } from "../trainer";
import type { Callback } from "./callback";

/** Largest share of the training time for saving, without `everyBatches`. */
const TIME_SHARE = 0.05;

/** Saves checkpoints during training and on an interruption. A failed save does not end the training. */
export class Checkpoints implements Callback {
  private lastSave = performance.now();
  private saveTime = 0;
  private savedStep = 0;

  /** @param everyBatches between two checkpoints. Default: after an epoch, as often as 5 % of the time allows */
  constructor(
    private readonly store: CheckpointStore,
    private readonly progress: Progress,
    private readonly everyBatches?: number,
  ) {}

  onStart(trainer: Trainer): void {
    this.savedStep = trainer.step;
  }

  async onBatchEnd(trainer: Trainer): Promise<void> {
    const due = this.everyBatches !== undefined && trainer.step - this.savedStep >= this.everyBatches;
    if (due && trainer.atUpdate) await this.save(trainer);
  }

  async onEpochEnd(trainer: Trainer): Promise<void> {
    const due = (performance.now() - this.lastSave) * TIME_SHARE >= this.saveTime;
    if (this.everyBatches === undefined && due) await this.save(trainer);
  }

  async onInterrupt(trainer: Trainer): Promise<void> {
    await this.save(trainer);
  }

  private async save(trainer: Trainer): Promise<void> {
    const started = performance.now();
    const isSaved = await this.isSaved(trainer);
    // What a callback throws is its own error, as in every other hook, and not one of saving.
    if (isSaved) for (const callback of trainer.options.callbacks ?? []) await callback.onSave?.(trainer);
    this.savedStep = trainer.step;
    this.lastSave = performance.now();
    this.saveTime = this.lastSave - started;
  }

  /** Saves a checkpoint, or says why there is none. */
  private async isSaved(trainer: Trainer): Promise<boolean> {
    try {
      await this.store.save(trainer);
      return true;
    } catch (error) {
      if (error instanceof TrainingDiverged) throw error;
      const why = hasErrorCode(error, "ENOSPC") ? "the disk is full" : messageOf(error);
      this.progress.say(`Warning: no checkpoint could be saved (${why}); the previous one is kept.`);
      return false;
    }
  }
}
