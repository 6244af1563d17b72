/** @module The project's own update operations (native/optimizers.cc): a whole update in one pass over memory. */
import * as tf from "@tensorflow/tfjs";
import { type Gradient, isFactored, multiplyOut } from "../gradients";
import { attribute, noValues, runOp } from "../kernels";
import { runtime } from "../load";
import { precision } from "../precision";
import type { Resource } from "../resident";

/**
 * How weights are updated. `product`: the project's operations also multiply the factors of a gradient; `rule`: TensorFlow
 * multiplies them first; `tensorflow`: its own operations do everything. They differ in rounding and speed.
 */
export type UpdateWay = "product" | "rule" | "tensorflow";

let way: UpdateWay = "product";

/** How optimizers update weights in this process. */
export function updateWay(): UpdateWay {
  return runtime.fusedUpdates ? way : "tensorflow";
}

/** Sets how optimizers update weights from their next step on. Has no effect without the project's operations. */
export function setUpdateWay(value: UpdateWay): void {
  way = value;
}

/** An update rule for the operations. */
export interface FusedRule {
  readonly operation: "HistoAdam" | "HistoMomentum" | "HistoDescent" | "HistoRmsProp";
  /** The parameters of the rule, at most four, see native/optimizers.cc. */
  readonly numbers: readonly number[];
}

/** What an update does in addition to its rule; 0 turns a part off. */
export interface FusedRegularization {
  /** Learning rate times weight decay. */
  readonly decay: number;
  readonly l1: number;
  readonly l2: number;
  readonly clipValue: number;
  /** How far the moving average moves towards the weights, as a share of the distance. */
  readonly average: number;
}

/** One step's parameters for {@link fusedUpdate}; the caller disposes them. @param ofVectors for ranks 0 and 1 @param ofMatrices for others */
export function fusedOptions(
  rule: FusedRule,
  ofVectors: FusedRegularization,
  ofMatrices: FusedRegularization,
): tf.Tensor2D {
  const own = [0, 1, 2, 3].map((i) => rule.numbers[i] ?? 0);
  const rows = [ofVectors, ofMatrices].map(({ decay, l1, l2, clipValue, average }) => {
    const limit = clipValue > 0 ? clipValue : Number.POSITIVE_INFINITY;
    return [decay, l1, l2, limit, average, ...own, precision() === "bf16" ? 1 : 0];
  });
  return tf.tensor2d(rows, undefined, "float32");
}

/** A resident variable. */
export interface FusedVariable {
  readonly weights: tf.Variable;
  /** The rule's slots. */
  readonly slots: readonly Resource[];
  readonly average?: Resource;
}

/** A resident variable and its gradient. */
type FusedUpdate = FusedVariable & { readonly gradient: Gradient };

/**
 * Updates variables and their slots in place. The factors of a gradient are multiplied in the cache, a few rows at a time, or
 * by TensorFlow, one gradient after the other, because all of them would take as much memory as the weights.
 */
export function fusedUpdate(rule: FusedRule, options: tf.Tensor2D, variables: readonly FusedUpdate[]): void {
  const alone = variables.filter(({ gradient }) => isFactored(gradient) && updateWay() !== "product");
  updateTogether(
    rule,
    options,
    variables.filter((variable) => !alone.includes(variable)),
  );
  for (const variable of alone) {
    const gradient = multiplyOut(variable.gradient);
    updateTogether(rule, options, [{ ...variable, gradient }]);
    gradient.dispose();
  }
}

function updateTogether({ operation }: FusedRule, options: tf.Tensor2D, variables: readonly FusedUpdate[]): void {
  if (variables.length === 0) return;
  const factors = variables.map(({ gradient }) =>
    isFactored(gradient) ? [gradient.inputs, gradient.errors] : [gradient],
  );
  runUpdate(operation, options, variables, factors);
}

/**
 * Updates a chain's kernels and biases, the last layer first. The errors of a layer's inputs are computed just before the same
 * rows of its kernel are updated.
 * @param kernels of the layers in order
 * @param inputs of the layers in order
 * @param factors of what the dropout behind each layer does not drop
 * @param dy gradient of the last layer's output
 */
export function fusedChainUpdate(
  { operation }: FusedRule,
  options: tf.Tensor2D,
  [kernels, biases]: readonly [readonly FusedVariable[], readonly FusedVariable[]],
  { inputs, factors, dy }: { inputs: readonly tf.Tensor[]; factors: readonly number[]; dy: tf.Tensor },
): void {
  const behind = factors.slice(0, -1).map((factor) => tf.tensor1d([factor]));
  const given = kernels.map((_, i) => [inputs[i] as tf.Tensor, behind[i] ?? dy]);
  runUpdate(`${operation}Chain`, options, [...kernels, ...biases], [...given, ...biases.map(() => [])]);
  tf.dispose(behind);
}

/** @param factors of each variable's gradient, see native/optimizers.cc; missing ones become empty tensors */
function runUpdate(
  operation: string,
  options: tf.Tensor2D,
  variables: readonly FusedVariable[],
  factors: readonly (readonly tf.Tensor[])[],
): void {
  const none = noValues();
  const inputs = variables.map(({ weights, slots, average }, i) => {
    const [first = none, second = none] = slots.map((slot) => slot.values);
    const [gradient = none, errors = none] = factors[i] ?? [];
    return [weights, first, second, average?.values ?? none, gradient, errors];
  });
  const byKind = [0, 1, 2, 3, 4, 5].flatMap((kind) => inputs.map((own) => own[kind] as tf.Tensor));
  runOp(operation, [attribute.int("N", variables.length)], [...byKind, options]);
}
