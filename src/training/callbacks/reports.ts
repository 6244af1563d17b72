/** @module What a user sees of a training: one JSON line per epoch, a readable log, and a progress bar. */
import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileAtomically } from "../../files/index";
import { counted, plainDecimal, seconds } from "../../format/index";
import type { Progress, ProgressTask } from "../../progress/index";
import type { RunDirectory } from "../../runs/index";
import type { Callback, EpochResult, RunningTraining } from "./callback";

/** Writes `history.jsonl` and `train.log`. A resumed run first resets the history to its checkpoint. */
export class HistoryFile implements Callback {
  constructor(private readonly run: RunDirectory) {}

  async onStart(trainer: RunningTraining): Promise<void> {
    await mkdir(dirname(this.run.log), { recursive: true });
    await writeFileAtomically(
      this.run.history,
      trainer.history.map((result) => `${JSON.stringify(result)}\n`).join(""),
    );
    await this.note(trainer.step > 0 ? `resumed at epoch ${trainer.epoch}, batch ${trainer.batch}` : "started");
  }

  async onEpochEnd(_trainer: RunningTraining, result: EpochResult): Promise<void> {
    await appendFile(this.run.history, `${JSON.stringify(result)}\n`);
    await this.note(describeEpoch(result));
  }

  async onInterrupt(trainer: RunningTraining): Promise<void> {
    await this.note(`interrupted ${describePlace(trainer)}`);
  }

  async onEnd(trainer: RunningTraining): Promise<void> {
    await this.note(`ended after epoch ${trainer.epoch}${trainer.stopReason ? `: ${trainer.stopReason}` : ""}`);
  }

  private async note(line: string): Promise<void> {
    await appendFile(this.run.log, `${new Date().toISOString()} ${line}\n`);
  }
}

/** The position of a training, such as `in epoch 3 after batch 20`. */
function describePlace({ epoch, batch }: RunningTraining): string {
  return batch > 0 ? `in epoch ${epoch + 1} after batch ${batch}` : `after epoch ${epoch}`;
}

/** An epoch on one line. */
function describeEpoch(result: EpochResult): string {
  const { epoch, train, validation, learningRate, imagesPerSecond } = result;
  const auc = (measures: EpochResult["train"]) => plainDecimal(measures.rocAuc);
  return [
    `epoch ${epoch}: loss ${plainDecimal(train.loss, 4)} / ${plainDecimal(validation.loss, 4)}`,
    `AUC ${auc(train)} / ${auc(validation)} (train / validation)`,
    `lr ${learningRate.toExponential(1)}, ${imagesPerSecond.toFixed(0)} images/s, ${seconds(result.seconds)}`,
  ].join(", ");
}

/** A bar over all batches with the loss and the last validation metric, and a line per epoch. */
export class ProgressBar implements Callback {
  private task: ProgressTask | undefined;

  constructor(private readonly progress: Progress) {}

  onStart(trainer: RunningTraining): void {
    this.task = this.progress.start("Training", trainer.options.epochs * trainer.source.examples, "images");
  }

  onBatchEnd(trainer: RunningTraining): void {
    const { seen, source } = trainer;
    const done = trainer.epoch * source.examples + seen.logits.length;
    const loss = plainDecimal(seen.lossSum / seen.weight, 4);
    const before = trainer.history.at(-1);
    const auc = before ? ` AUC ${plainDecimal(before.validation.rocAuc)}` : "";
    this.task?.update(done, `epoch ${trainer.epoch + 1} loss ${loss}${auc}`);
  }

  onEpochEnd(_trainer: RunningTraining, result: EpochResult): void {
    this.progress.say(describeEpoch(result));
  }

  onInterrupt(trainer: RunningTraining): void {
    this.task?.finish(`stopped ${describePlace(trainer)}`);
  }

  onEnd(trainer: RunningTraining): void {
    this.task?.finish(
      `${counted(trainer.epoch, "epoch")}${trainer.stopReason ? `, stopped because ${trainer.stopReason}` : ""}`,
    );
  }
}
