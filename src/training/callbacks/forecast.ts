/** @module An early warning about a training that takes much time or memory, with faster alternatives. */
import { counted, gigabytes, seconds, shellText } from "../../format/index";
import type { TrainingOptions } from "../../options/index";
import type { Progress } from "../../progress/index";
import { trainingBytes } from "../plan";
import type { Callback, RunningTraining } from "./callback";

interface ForecastTraining extends Pick<TrainingOptions, "optimizer" | "ema"> {
  readonly data: string;
  readonly model: string;
  readonly stem: string;
  /** Weights of the trained network. */
  readonly parameters: number;
}

/** Number of timed batches, after the slower first one. */
const TIMED = 2;
/** No message below two minutes or half a gigabyte. */
const [LONG_SECONDS, MUCH_BYTES] = [120, 5e8];

/** Reports the memory of the weights before the first batch, and the expected duration after the third. */
export class Forecast implements Callback {
  private first = 0;
  private begun = 0;

  /** @param now milliseconds */
  constructor(
    private readonly progress: Progress,
    private readonly training: ForecastTraining,
    private readonly now: () => number = () => performance.now(),
  ) {}

  onStart({ step }: RunningTraining): void {
    this.first = step + 1;
    const { parameters } = this.training;
    const bytes = trainingBytes(parameters, this.training);
    if (bytes < MUCH_BYTES) return;
    const millions = Math.round(parameters / 1e6).toLocaleString("en");
    this.progress.say(`${millions} million weights: they and the optimizer take ${gigabytes(bytes)} of memory.`);
  }

  onBatchEnd({ step, source, options: { epochs } }: RunningTraining): void {
    if (step === this.first) this.begun = this.now();
    if (step !== this.first + TIMED) return;
    const perBatch = (this.now() - this.begun) / 1000 / TIMED;
    const left = perBatch * (epochs * source.batches - step);
    if (left < LONG_SECONDS) return;
    const { data, model, stem } = this.training;
    const subspace =
      model === "mlp" && stem !== "subspace" ? ", or the same network with --stem subspace in minutes" : "";
    this.progress.say(
      `This takes up to ${seconds(left)} (${counted(epochs, "epoch")}, ${counted(source.batches, "batch", "batches")} each, ${seconds(perBatch)} a batch). ` +
        `Quicker: histo train --data ${shellText([data])} --model colour in seconds${subspace}.`,
    );
  }
}
