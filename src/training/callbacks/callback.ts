/** @module Callbacks, which can be attached to a training without changing its loop, and the results of an epoch that they get. */

import type { BinaryMetrics } from "../../evaluation/index";
import type { tf } from "../../tensorflow/index";
import type { BatchSource } from "../batches";

/** The state of a training for callbacks, which may change `lrScale` and `stopReason`. */
export interface RunningTraining {
  readonly model: tf.LayersModel;
  readonly source: BatchSource;
  readonly options: { readonly epochs: number };
  /** Epochs finished. */
  readonly epoch: number;
  /** Batches finished in the current epoch. */
  readonly batch: number;
  /** Batches finished since the start. */
  readonly step: number;
  readonly history: readonly EpochResult[];
  /** The batches of the current epoch so far. */
  readonly seen: SeenBatches;
  /** Factor on the learning rate. */
  lrScale: number;
  /** Setting a reason ends the training after this epoch. Checkpoints keep it, unlike {@link Callback.reasonToStop}. */
  stopReason: string | undefined;
}

/** Hooks of a training. All are optional and may be asynchronous. */
export interface Callback {
  /** Before the first batch, also of a resumed run. */
  onStart?(trainer: RunningTraining): void | Promise<void>;
  /** After each batch. */
  onBatchEnd?(trainer: RunningTraining): void | Promise<void>;
  /** Why the training ends here, asked before each epoch and on resuming. Depends on its state only: the resumed run's options decide. */
  reasonToStop?(trainer: RunningTraining): string | undefined;
  /** After each epoch, its validation included. */
  onEpochEnd?(trainer: RunningTraining, result: EpochResult): void | Promise<void>;
  /** After the validation of an epoch, while the model has the weights that were validated (their average, with EMA). */
  onValidationEnd?(trainer: RunningTraining, result: EpochResult): void | Promise<void>;
  /** After a checkpoint has been written, with the states of all callbacks. */
  onSave?(trainer: RunningTraining): void | Promise<void>;
  /** When the training is stopped early; the run can be resumed. */
  onInterrupt?(trainer: RunningTraining): void | Promise<void>;
  /** After the last epoch. */
  onEnd?(trainer: RunningTraining): void | Promise<void>;
}

/** A callback with state that a resumed run needs. */
export interface StatefulCallback<State = unknown> extends Callback {
  /** Key of the state in a checkpoint. */
  readonly name: string;
  /** The state as plain data. */
  state(): State;
  /** Restores the result of {@link state}. */
  restore(state: State): void;
}

export function isStateful(callback: Callback): callback is StatefulCallback {
  return "state" in callback;
}

/** Measures of one pass over a partition: the loss, the metrics of `histo metrics` at threshold 0.5, and user metrics. */
export type Measures = { loss: number } & BinaryMetrics & Record<string, unknown>;

export interface EpochResult {
  /** Counted from 1. */
  readonly epoch: number;
  readonly learningRate: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Share of the time spent waiting for batches. */
  readonly waiting: number;
  /** Measured during the epoch, with augmentation and dropout. */
  readonly train: Measures;
  readonly validation: Measures;
}

/** The batches of an epoch so far: weighted sum of the losses, logits and labels in the order of the batches. */
export interface SeenBatches {
  lossSum: number;
  /** Sum of the weights in the loss. */
  weight: number;
  readonly logits: number[];
  readonly labels: number[];
}
