/** @module What can be attached to a training run without touching its loop. */
import type { tf } from "../../tensorflow/index";
import type { BatchSource } from "../batches";
import type { EpochResult, SeenBatches } from "../epoch";

/** What a callback sees of the training, and may change: the rate's factor, and that it is to end. */
export interface RunningTraining {
  readonly model: tf.LayersModel;
  readonly source: BatchSource;
  readonly options: { readonly epochs: number };
  /** Epochs finished. */
  readonly epoch: number;
  /** Batches of the running epoch that are done. */
  readonly batch: number;
  /** Batches done since the beginning. */
  readonly step: number;
  readonly history: readonly EpochResult[];
  /** What the running epoch has shown so far. */
  readonly seen: SeenBatches;
  /** Factor on the learning rate. */
  lrScale: number;
  /** Set to end training after this epoch; says why. */
  stopReason: string | undefined;
}

/** Named moments of a run. All are optional; those that return a promise are waited for. */
export interface Callback {
  /** Before the first batch, also of a resumed run. */
  onStart?(trainer: RunningTraining): void | Promise<void>;
  /** After each batch. */
  onBatchEnd?(trainer: RunningTraining): void | Promise<void>;
  /** After each epoch, its validation included. */
  onEpochEnd?(trainer: RunningTraining, result: EpochResult): void | Promise<void>;
  /** After the validation of an epoch, while the model has the weights that were validated (their average, with EMA). */
  onValidationEnd?(trainer: RunningTraining, result: EpochResult): void | Promise<void>;
  /** When training was told to stop in the middle; the run can be resumed. */
  onInterrupt?(trainer: RunningTraining): void | Promise<void>;
  /** After the last epoch. */
  onEnd?(trainer: RunningTraining): void | Promise<void>;
}

/** A callback that remembers something from epoch to epoch, which a resumed run must remember too. */
export interface StatefulCallback<State = unknown> extends Callback {
  /** Name under which {@link state} is kept. */
  readonly name: string;
  /** What has to survive an interruption, as plain data. */
  state(): State;
  /** Takes back what {@link state} gave. */
  restore(state: State): void;
}

export function isStateful(callback: Callback): callback is StatefulCallback {
  return "state" in callback;
}
