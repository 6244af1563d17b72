/** @module Saving the weights of the best epochs, and restoring the best ones at the end. */
import { existsSync } from "node:fs";
import { copyFile, link, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Monitor, type Standing, standingOf, standsAbove } from "../../evaluation/index";
import { loadWeights, saveWeights, weightsAreFinite } from "../../models/index";
import { TrainingDiverged } from "../trainer";
import type { EpochResult, RunningTraining, StatefulCallback } from "./callback";

export interface SavedEpoch extends Standing {
  readonly epoch: number;
}

/**
 * Saves the weights of the best `keep` epochs by the monitored metric; `path` always has the best ones. Files of the epochs that
 * the last checkpoint names stay until the end: a run that is resumed from it may end before it comes to better ones again.
 */
export class BestWeights implements StatefulCallback<readonly SavedEpoch[]> {
  readonly name = "best-weights";
  /** Best first. */
  private saved: SavedEpoch[] = [];
  /** Those of the last checkpoint. */
  private inCheckpoint: readonly SavedEpoch[] = [];

  constructor(
    private readonly path: string,
    private readonly monitor: Monitor,
    private readonly keep = 1,
  ) {}

  /** The best epoch, counted from 1. */
  get epoch(): number | undefined {
    return this.saved[0]?.epoch;
  }

  async onValidationEnd(trainer: RunningTraining, result: EpochResult): Promise<void> {
    const standing = standingOf(result, this.monitor);
    const { value } = standing;
    const better = (candidate: SavedEpoch) => !standsAbove(standing, candidate, this.monitor);
    const rank = this.saved.filter(better).length;
    if (this.saved.length > 0 && (Number.isNaN(value) || rank >= this.keep)) return;
    if (!weightsAreFinite(trainer.model))
      throw new TrainingDiverged("The weights are not finite; they were not saved.");
    const file = this.fileOf(result.epoch);
    await saveWeights(trainer.model, file, { epoch: String(result.epoch), [this.monitor.metric]: String(value) });
    const ranked = Number.isNaN(value) ? worst(this.monitor) : value;
    this.saved.splice(rank, 0, { ...standing, epoch: result.epoch, value: ranked });
    if (rank === 0) await replaceByLink(file, this.path);
    this.saved.splice(this.keep);
    await this.removeOthers([...this.saved, ...this.inCheckpoint]);
  }

  /** Loads the best weights into the model. */
  async onEnd(trainer: RunningTraining): Promise<void> {
    const [best] = this.saved;
    if (!best) return;
    // After a crash, the path may have weights of a later epoch than that of the checkpoint.
    await replaceByLink(this.fileOf(best.epoch), this.path);
    await this.removeOthers(this.saved);
    await loadWeights(trainer.model, this.path);
  }

  state(): readonly SavedEpoch[] {
    return [...this.saved];
  }

  onSave(): void {
    this.inCheckpoint = [...this.saved];
  }

  restore(state: readonly SavedEpoch[]): void {
    // Versions before did not keep the files of a checkpoint.
    this.saved = state.filter(({ epoch }) => existsSync(this.fileOf(epoch)));
    this.inCheckpoint = [...this.saved];
  }

  private fileOf(epoch: number): string {
    return join(dirname(this.path), `epoch-${epoch}.safetensors`);
  }

  /** Removes other epochs' weights, and what a killed process was writing: one process at a time trains a run. */
  private async removeOthers(kept: readonly SavedEpoch[]): Promise<void> {
    const names = kept.map(({ epoch }) => basename(this.fileOf(epoch)));
    for (const name of await readdir(dirname(this.path))) {
      const isOwn = /^epoch-\d+\.safetensors(?:$|\.tmp-)/.test(name);
      if (isOwn && !names.includes(name)) await rm(join(dirname(this.path), name));
    }
  }
}

function worst({ mode }: Monitor): number {
  return mode === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Gives a file a second name and replaces any file of that name. Copies the file if hard links are not supported. */
async function replaceByLink(file: string, name: string): Promise<void> {
  await mkdir(dirname(name), { recursive: true });
  // The same in all processes, so that what a killed one has left is replaced.
  const temporary = `${name}.tmp`;
  await rm(temporary, { force: true });
  await link(file, temporary).catch(() => copyFile(file, temporary));
  await rename(temporary, name);
  // Renaming does nothing where both are names of one file already.
  await rm(temporary, { force: true });
}
