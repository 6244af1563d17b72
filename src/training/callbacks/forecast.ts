/** @module An early warning about a training that takes much time or memory, with faster alternatives. */
import { counted, gigabytes, seconds, shellText } from "../../format/index";
import type { TrainingOptions } from "../../options/index";
import type { Progress } from "../../progress/index";
import { trainingBytes } from "../plan";
import type { Callback, RunningTraining } from "./callback";

interface ForecastTraining extends Pick<TrainingOptions, "optimizer" | "ema" | "data" | "model" | "stem"> {
  /** Weights of the trained network. */
  readonly parameters: number;
  /** About how many seconds a batch will take, if that is known before the first one. */
  readonly expectedSeconds?: number | undefined;
}

/** Number of timed batches, after the slower first one. */
const TIMED = 2;
/** Less memory, and a measured duration below this, is not worth a message. */
const [LONG_SECONDS, MUCH_BYTES] = [120, 5e8];

/** Reports memory and expected duration of a large training before the first batch, and the measured duration after the third. */
export class Forecast implements Callback {
  private first = 0;
  private begun = 0;
  private isAdvised = false;

  /** @param now milliseconds */
  constructor(
    private readonly progress: Progress,
    private readonly training: ForecastTraining,
    private readonly now: () => number = () => performance.now(),
  ) {}

  onStart(training: RunningTraining): void {
    this.first = training.step + 1;
    const { parameters, expectedSeconds } = this.training;
    const bytes = trainingBytes(parameters, this.training);
    if (bytes < MUCH_BYTES) return;
    const millions = Math.round(parameters / 1e6).toLocaleString("en");
    this.progress.say(`${millions} million weights: they and the optimizer take ${gigabytes(bytes)} of memory.`);
    if (expectedSeconds) this.sayDuration(training, expectedSeconds, "about");
  }

  onBatchEnd(training: RunningTraining): void {
    if (training.step === this.first) this.begun = this.now();
    if (training.step !== this.first + TIMED) return;
    const perBatch = (this.now() - this.begun) / 1000 / TIMED;
    if (perBatch * batchesLeft(training) >= LONG_SECONDS) this.sayDuration(training, perBatch, "up to");
  }

  private sayDuration(training: RunningTraining, perBatch: number, how: string): void {
    const left = seconds(perBatch * batchesLeft(training));
    const epochs = counted(training.options.epochs, "epoch");
    const batches = counted(training.source.batches, "batch", "batches");
    const rate = `${epochs}, ${batches} each, ${seconds(perBatch)} a batch`;
    this.progress.say(`This takes ${how} ${left} (${rate}).${this.advice()}`);
  }

  /** What would be quicker; said once. */
  private advice(): string {
    if (this.isAdvised) return "";
    this.isAdvised = true;
    const { data, model, stem } = this.training;
    const subspace =
      model === "mlp" && stem !== "subspace" ? ", or the same network with --stem subspace in minutes" : "";
    return ` Quicker: histo train --data ${shellText([data])} --model colour in seconds${subspace}.`;
  }
}

function batchesLeft({ step, source, options: { epochs } }: RunningTraining): number {
  return epochs * source.batches - step;
}
