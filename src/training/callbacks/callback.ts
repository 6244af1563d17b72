/** @module What can be attached to a training run without touching its loop. */
import type { EpochResult, Trainer } from "../trainer";

/** Named moments of a run. All are optional; those that return a promise are waited for. */
export interface Callback {
  /** Before the first batch, also of a resumed run. */
  onStart?(trainer: Trainer): void | Promise<void>;
  /** After each batch. */
  onBatchEnd?(trainer: Trainer): void | Promise<void>;
  /** After each epoch, its validation included. */
  onEpochEnd?(trainer: Trainer, result: EpochResult): void | Promise<void>;
  /** After the validation of an epoch, while the model has the weights that were validated (their average, with EMA). */
  onValidationEnd?(trainer: Trainer, result: EpochResult): void | Promise<void>;
  /** When training was told to stop in the middle; the run can be resumed. */
  onInterrupt?(trainer: Trainer): void | Promise<void>;
  /** After the last epoch. */
  onEnd?(trainer: Trainer): void | Promise<void>;
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
