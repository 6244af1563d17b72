/** @module A progress bar for training. */
import { counted, plainDecimal } from "../../format/index";
import type { Progress, ProgressTask } from "../../progress/index";
import type { Callback, EpochResult, RunningTraining } from "./callback";
import { describeEpoch, describePlace } from "./history-file";

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
