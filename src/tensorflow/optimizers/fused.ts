/**
 * @module The project's own update operations (native/optimizers.cc): a rule, weight decay, penalties, clipping and the
 * moving average of the weights in one pass over memory.
 */
import * as tf from "@tensorflow/tfjs";
import { type Gradient, isFactored, multiplyOut } from "../gradients";
import { runOp } from "../kernels";
import { runtime } from "../load";
import { precision } from "../precision";
import type { Resource } from "../resident";

/**
 * How weights are updated. `product`: the project's operations also multiply out a gradient in factors; `rule`: TensorFlow
 * multiplies it out first; `tensorflow`: its own operations do everything. They differ by rounding and in speed.
 */
export type UpdateWay = "product" | "rule" | "tensorflow";

let way: UpdateWay = "product";

/** How optimizers update weights in this process. */
export function updateWay(): UpdateWay {
  return runtime.fusedUpdates ? way : "tensorflow";
}

/** Sets how optimizers update weights from their next step on. Without the project's operations it has no effect. */
export function setUpdateWay(value: UpdateWay): void {
  way = value;
}

/** An update rule as the operations take it. */
export interface FusedRule {
  readonly operation: "HistoAdam" | "HistoMomentum" | "HistoDescent" | "HistoRmsProp";
  /** The rule's own numbers, four at most; native/optimizers.cc says which. */
  readonly numbers: readonly number[];
}

/** What an update does beside its rule; a number of 0 leaves it out. */
export interface FusedRegularization {
  /** Learning rate times weight decay. */
  readonly decay: number;
  readonly l1: number;
  readonly l2: number;
  readonly clipValue: number;
  /** Share of its distance to the weights that the moving average gives up. */
  readonly average: number;
}

/** The numbers of one step, as the tensor that {@link fusedUpdate} wants. The caller disposes it. */
export function fusedOptions(rule: FusedRule, regularization: FusedRegularization): tf.Tensor1D {
  const { decay, l1, l2, clipValue, average } = regularization;
  const limit = clipValue > 0 ? clipValue : Number.POSITIVE_INFINITY;
  const own = [0, 1, 2, 3].map((i) => rule.numbers[i] ?? 0);
  return tf.tensor1d([decay, l1, l2, limit, average, ...own, precision() === "bf16" ? 1 : 0], "float32");
}

/**
 * Updates a resident variable and its slots in place. A gradient in factors is multiplied out in the cache, a few rows at a
 * time.
 * @param slots the rule's slots, without the moving average
 */
export function fusedUpdate(
  rule: FusedRule,
  options: tf.Tensor1D,
  weights: tf.Variable,
  slots: readonly Resource[],
  average: Resource | undefined,
  gradient: Gradient,
): void {
  nothing ??= tf.keep(tf.tensor1d([], "float32"));
  const [first = nothing, second = nothing] = slots.map((slot) => slot.values);
  const state = [weights, first, second, average?.values ?? nothing];
  if (isFactored(gradient) && updateWay() === "product") {
    runOp(rule.operation, [], [...state, gradient.inputs, gradient.errors, options]);
    return;
  }
  const whole = multiplyOut(gradient);
  runOp(rule.operation, [], [...state, whole, nothing, options]);
  if (whole !== gradient) whole.dispose();
}

/** In place of what a rule has not. */
let nothing: tf.Tensor | undefined;
