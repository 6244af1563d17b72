/** @module Callbacks: what can be attached to a training without changing its loop. */
import type { tf } from "../../tensorflow/index";
import type { BatchSource } from "../batches";
import type { EpochResult, SeenBatches } from "../epoch";

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
  /**
   * Why the training ends here, asked before each epoch and when a run is resumed. A function of the training's state, so that the
   * options of a resumed run decide.
   */
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
