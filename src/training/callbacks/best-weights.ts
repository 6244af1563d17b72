/** @module Keeping the weights of the best epochs, and bringing the best back at the end. */
import { copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { improves, type Monitor, monitored } from "../../evaluation/index";
import { loadWeights, saveWeights, weightsAreFinite } from "../../models/index";
import type { EpochResult } from "../epoch";
import { TrainingDiverged } from "../trainer";
import type { RunningTraining, StatefulCallback } from "./callback";

interface Kept {
  readonly epoch: number;
  readonly value: number;
}

/** Saves the weights when the monitored metric improves; `path` always holds the best so far, `top-N` files the next ones. */
export class BestWeights implements StatefulCallback<readonly Kept[]> {
  readonly name = "best-weights";
  /** Best first. */
  private kept: Kept[] = [];

  constructor(
    private readonly path: string,
    private readonly monitor: Monitor,
    private readonly keep = 1,
  ) {}

  /** The epoch whose weights are kept as the best, counted from 1. */
  get epoch(): number | undefined {
    return this.kept[0]?.epoch;
  }

  async onValidationEnd(trainer: RunningTraining, result: EpochResult): Promise<void> {
    const value = monitored(result, this.monitor);
    const better = (candidate: Kept) => !improves(value, candidate.value, this.monitor);
    const rank = this.kept.filter(better).length;
    const nothingYet = this.kept.length === 0;
    if (!nothingYet && (Number.isNaN(value) || rank >= this.keep)) return;
    if (!weightsAreFinite(trainer.model))
      throw new TrainingDiverged("The weights are not finite; they were not saved.");
    const file = this.fileOf(result.epoch);
    await saveWeights(trainer.model, file, { epoch: String(result.epoch), [this.monitor.metric]: String(value) });
    this.kept.splice(rank, 0, { epoch: result.epoch, value: Number.isNaN(value) ? worst(this.monitor) : value });
    if (rank === 0) await replaceByLink(file, this.path);
    for (const { epoch } of this.kept.splice(this.keep)) await rm(this.fileOf(epoch), { force: true });
  }

  /** Loads the best weights back into the model. */
  async onEnd(trainer: RunningTraining): Promise<void> {
    if (this.kept.length > 0) await loadWeights(trainer.model, this.path);
  }

  state(): readonly Kept[] {
    return this.kept;
  }

  restore(state: readonly Kept[]): void {
    this.kept = [...state];
  }

  private fileOf(epoch: number): string {
    return join(dirname(this.path), `epoch-${epoch}.safetensors`);
  }
}

function worst({ mode }: Monitor): number {
  return mode === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Gives a file a second name, replacing what had it. File systems without hard links get a copy. */
async function replaceByLink(file: string, name: string): Promise<void> {
  await mkdir(dirname(name), { recursive: true });
  const temporary = `${name}.tmp-${process.pid}`;
  await rm(temporary, { force: true });
  await link(file, temporary).catch(() => copyFile(file, temporary));
  await rename(temporary, name);
}
