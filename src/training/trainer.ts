/** @module The training loop: forward, backward, update, evaluate. Knows nothing of images, files and trackers. */
import { setImmediate } from "node:timers/promises";
import { HistoError } from "../errors/index";
import { binaryMetrics } from "../evaluation/index";
import { setStep } from "../models/index";
import {
  addGradients,
  type ChainErrors,
  disposeGradients,
  type Gradients,
  type Optimizer,
  passForUpdate,
  scaleGradient,
  squaredNorm,
  tf,
  trainingPass,
} from "../tensorflow/index";
import type { BatchSource } from "./batches";
import { type Callback, type EpochResult, isStateful, type Measures, type SeenBatches } from "./callbacks/callback";
import type { Loss } from "./losses";

/** A user's own metric: from labels and logits to a number. */
export type UserMetric = (labels: ArrayLike<number>, logits: ArrayLike<number>) => number;

interface TrainerOptions {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  /** The learning rate at each step, counted from 0. */
  readonly learningRate: (step: number) => number;
  /** Factors on this rate, by variable. */
  readonly layerRates?: ReadonlyMap<tf.Variable, number>;
  readonly epochs: number;
  /** Batches per update. */
  readonly accumulate?: number;
  /** Largest global norm of the gradient; 0 for no limit. */
  readonly clipNorm?: number;
  readonly callbacks?: readonly Callback[];
  readonly metrics?: Readonly<Record<string, UserMetric>>;
}

/** The state of a training, without its large tensors. */
export interface TrainerState {
  readonly epoch: number;
  readonly batch: number;
  readonly step: number;
  readonly optimizerStep: number;
  readonly lrScale: number;
  readonly stopReason?: string;
  readonly seen: Trainer["seen"];
  readonly history: readonly EpochResult[];
  /** By the names of the callbacks. */
  readonly callbacks: Readonly<Record<string, unknown>>;
}

/** The loss or the weights are no longer finite. They were not saved. */
export class TrainingDiverged extends HistoError {
  constructor(where: string) {
    super("TRAINING_DIVERGED", `${where} Lower the learning rate or clip the gradient (--lr, --clip-norm).`);
  }
}

/** Trains a model with one logit. */
export class Trainer {
  /** Epochs finished. */
  epoch = 0;
  /** Batches finished in the current epoch. */
  batch = 0;
  /** Batches finished since the start. */
  step = 0;
  /** Factor on the learning rate, for callbacks. */
  lrScale = 1;
  /** Set by a callback to end the training after this epoch. */
  stopReason: string | undefined;
  readonly history: EpochResult[] = [];
  /** The batches of the current epoch so far. */
  seen = emptySeen();
  private pending: Gradients | ChainErrors = new Map();
  /** The batches behind the pending gradients: weight of the first one, and how many batches of that weight they are together. */
  private behind = { weight: 0, batches: 0 };
  private waited = 0;

  constructor(
    readonly model: tf.LayersModel,
    readonly source: BatchSource,
    readonly validation: BatchSource,
    readonly options: TrainerOptions,
  ) {
    const names = this.stateful.map(({ name }) => name);
    const wrong = names.find((name, i) => !name || names.indexOf(name) !== i);
    if (wrong !== undefined) {
      const message = `The name "${wrong}" is empty or used twice; give each callback with state its own name.`;
      throw new HistoError("CALLBACK_NAME", message);
    }
  }

  /** The learning rate at a step. Default: the next step. */
  learningRate(step = this.step): number {
    return this.lrScale * this.options.learningRate(step);
  }

  /** The state of the training without its large tensors, as plain data. */
  state(): TrainerState {
    const { epoch, batch, step, lrScale, stopReason, seen, history } = this;
    return {
      ...{ epoch, batch, step, lrScale, seen, history },
      optimizerStep: this.options.optimizer.step,
      ...(stopReason !== undefined && { stopReason }),
      callbacks: Object.fromEntries(this.stateful.map((callback) => [callback.name, callback.state()])),
    };
  }

  /** Restores the result of {@link state}. The checkpoint restores the weights and the optimizer's tensors. */
  restore({ history, optimizerStep, callbacks, seen, ...place }: TrainerState): void {
    // Checkpoints of earlier versions have no weight.
    const { weight = seen.logits.length } = seen as Partial<SeenBatches>;
    Object.assign(this, { stopReason: undefined, ...place, seen: { ...seen, weight } });
    this.history.splice(0, this.history.length, ...history);
    this.options.optimizer.step = optimizerStep;
    for (const callback of this.stateful) {
      if (Object.hasOwn(callbacks, callback.name)) callback.restore(callbacks[callback.name]);
    }
  }

  private get stateful() {
    return (this.options.callbacks ?? []).filter(isStateful);
  }

  /** True if no gradient waits for the next update. Only then the run can be saved. */
  get atUpdate(): boolean {
    return this.pending instanceof Map && this.pending.size === 0;
  }

  /** Trains to the end, or until `signal` is aborted; the run can then be resumed. @returns whether the training has reached its end */
  async fit(signal?: AbortSignal): Promise<boolean> {
    await this.tell("onStart");
    while (this.epoch < this.options.epochs && !this.isStopped()) {
      const started = performance.now();
      this.waited = 0;
      const first = this.batch;
      while (this.batch < this.source.batches) {
        this.trainBatch();
        await this.tell("onBatchEnd");
        await setImmediate(); // lets signals and the tracker's requests run
        if (signal?.aborted && this.atUpdate) return this.interrupt();
      }
      await this.endEpoch(performance.now() - started, this.batch - first);
      // Also after the last epoch, before the optimizer is freed and the run can no longer be saved.
      if (signal?.aborted) return this.interrupt();
    }
    // Its state is as large as the model, and the rest of the run needs the memory.
    this.options.optimizer.dispose();
    await this.tell("onEnd");
    return true;
  }

  /** Frees the optimizer and pending gradients, but not the model. */
  dispose(): void {
    disposeGradients(this.pending);
    this.pending = new Map();
    this.options.optimizer.dispose();
  }

  private isStopped(): boolean {
    for (const callback of this.options.callbacks ?? []) this.stopReason ??= callback.reasonToStop?.(this);
    return this.stopReason !== undefined;
  }

  private async interrupt(): Promise<false> {
    await this.tell("onInterrupt");
    return false;
  }

  /** One forward and backward pass, and an update every `accumulate` batches. */
  private trainBatch(): void {
    const asked = performance.now();
    const { inputs, labels } = this.source.load(this.epoch, this.batch);
    this.waited += performance.now() - asked;
    setStep(this.model, this.step);
    const { accumulate = 1, clipNorm = 0, layerRates } = this.options;
    const asTheyAre = accumulate === 1 && clipNorm === 0 && !layerRates;
    const pass = asTheyAre ? passForUpdate : trainingPass;
    const { loss, logits, gradients } = pass(this.model, inputs, (z) => this.options.loss(z, labels));
    const weight = this.options.loss.weight(labels);
    this.add(gradients, weight);
    try {
      this.note(loss, weight, logits, labels);
    } finally {
      tf.dispose([inputs, labels, loss, logits]);
    }
    const rate = this.learningRate();
    this.batch++;
    this.step++;
    if (this.batch % accumulate === 0 || this.batch === this.source.batches) this.update(rate);
  }

  /** Adds a batch's mean gradients to the pending ones, in proportion to its weight in the loss. */
  private add(gradients: Gradients | ChainErrors, weight: number): void {
    const { pending } = this;
    if (!(gradients instanceof Map && pending instanceof Map)) {
      this.pending = gradients; // a chain's, which are never added
      return;
    }
    if (pending.size === 0) this.behind = { weight, batches: 0 };
    const share = weight / this.behind.weight;
    this.behind.batches += share;
    for (const [variable, gradient] of gradients) {
      const before = pending.get(variable);
      const more = share === 1 ? gradient : scaleGradient(gradient, share);
      pending.set(variable, before ? addGradients(before, more) : more);
    }
  }

  private update(rate: number): void {
    const { optimizer, layerRates } = this.options;
    const gradients = this.pending;
    this.pending = new Map();
    if (gradients instanceof Map) this.average(gradients);
    optimizer.apply(gradients, rate, layerRates);
  }

  /** Makes means of sums of gradients, and limits their norm. */
  private average(gradients: Gradients): void {
    const { clipNorm = 0 } = this.options;
    const { batches } = this.behind;
    let factor = 1 / batches;
    if (clipNorm > 0) {
      const norm = globalNorm(gradients) / batches;
      if (!Number.isFinite(norm)) {
        disposeGradients(gradients);
        throw new TrainingDiverged(`The gradient is not finite at step ${this.step}.`);
      }
      if (norm > clipNorm) factor *= clipNorm / norm;
    }
    if (factor === 1) return;
    for (const [variable, gradient] of gradients) gradients.set(variable, scaleGradient(gradient, factor));
  }

  private note(loss: tf.Scalar, weight: number, logits: tf.Tensor2D, labels: tf.Tensor2D): void {
    const [value] = loss.dataSync() as Float32Array;
    if (value === undefined || !Number.isFinite(value)) {
      throw new TrainingDiverged(`The loss is ${value} at step ${this.step}.`);
    }
    this.seen.lossSum += value * weight;
    this.seen.weight += weight;
    append(this.seen.logits, logits);
    append(this.seen.labels, labels);
  }

  private async endEpoch(milliseconds: number, batches: number): Promise<void> {
    const { logits, labels, lossSum, weight } = this.seen;
    const hard = labels.map((label) => (label >= 0.5 ? 1 : 0));
    const train = this.measure(hard, logits, lossSum / weight);
    const learningRate = this.learningRate(this.step - 1);
    this.seen = emptySeen();
    this.epoch++;
    this.batch = 0;
    this.options.optimizer.swapAverages();
    const validation = this.evaluate(this.validation);
    if (!Number.isFinite(validation.loss)) {
      throw new TrainingDiverged(`The validation loss is ${validation.loss} in epoch ${this.epoch}.`);
    }
    const seconds = milliseconds / 1000;
    const imagesPerSecond = (batches * logits.length) / this.source.batches / seconds;
    const waiting = this.waited / milliseconds;
    const result = { epoch: this.epoch, learningRate, seconds, imagesPerSecond, waiting, train, validation };
    this.history.push(result);
    for (const callback of this.options.callbacks ?? []) await callback.onValidationEnd?.(this, result);
    this.options.optimizer.swapAverages();
    for (const callback of this.options.callbacks ?? []) await callback.onEpochEnd?.(this, result);
  }

  /** Loss and metrics on a set of examples, without augmentation and dropout. */
  evaluate(source: BatchSource): Measures {
    const { logits, labels } = predictLogits(this.model, source);
    const loss = tf.tidy(() => {
      const column = (values: ArrayLike<number>) => tf.tensor2d(Float32Array.from(values), [values.length, 1]);
      return this.options.loss(column(logits), column(labels)).dataSync()[0] as number;
    });
    return this.measure(labels, logits, loss);
  }

  /** @throws {TrainingDiverged} also where the loss is finite: that of an infinite logit of the right class is 0 */
  private measure(labels: ArrayLike<number>, logits: ArrayLike<number>, loss: number): Measures {
    const broken = Array.prototype.find.call(logits, (logit: number) => !Number.isFinite(logit));
    if (broken !== undefined) throw new TrainingDiverged(`A logit is ${broken} after step ${this.step}.`);
    const own = Object.entries(this.options.metrics ?? {}).map(([name, metric]) => [name, metric(labels, logits)]);
    return { loss, ...binaryMetrics(labels, logits, { logits: true, interval: false }), ...Object.fromEntries(own) };
  }

  private async tell(event: "onStart" | "onBatchEnd" | "onInterrupt" | "onEnd"): Promise<void> {
    for (const callback of this.options.callbacks ?? []) await callback[event]?.(this);
  }
}

function emptySeen(): SeenBatches {
  return { lossSum: 0, weight: 0, logits: [], labels: [] };
}

/** Without `push(...values)`: a batch may have more values than a call may have arguments. */
function append(list: number[], tensor: tf.Tensor): void {
  for (const value of tensor.dataSync()) list.push(value);
}

function globalNorm(gradients: Gradients): number {
  const squares = tf.tidy(() => tf.addN([...gradients.values()].map(squaredNorm)).dataSync()[0] as number);
  return Math.sqrt(Math.max(0, squares)); // rounding can make a sum over factors negative
}

/** Logits of a model for a set of examples, in the order of the source. */
export function predictLogits(
  model: tf.LayersModel,
  source: BatchSource,
): { logits: Float32Array; labels: Float32Array } {
  const logits: number[] = [];
  const labels: number[] = [];
  for (let index = 0; index < source.batches; index++) {
    tf.tidy(() => {
      const batch = source.load(0, index);
      append(logits, model.apply(batch.inputs, { training: false }) as tf.Tensor);
      append(labels, batch.labels);
    });
  }
  return { logits: Float32Array.from(logits), labels: Float32Array.from(labels) };
}
