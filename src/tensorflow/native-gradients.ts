/**
 * @module Gradients in few native operations, where tfjs composes them from many or TensorFlow's own are slow on a CPU: each
 * operation is a pass over memory, and feature maps have tens of megabytes. Plain JavaScript keeps tfjs's own gradients.
 */
import * as tf from "@tensorflow/tfjs";
import { attribute, callOp, wrapKernel } from "./kernels";
import { runtime } from "./load";
import { hasNetworkOps } from "./network-ops";

/** Uses ReluGrad instead of tfjs's step, cast and multiply, or the project's own operations for both passes. */
function nativeRelu(): void {
  const [name, types] = runtime.fusedUpdates ? ["HistoReluGrad", []] : ["ReluGrad", [attribute.float32("T")]];
  tf.unregisterGradient(tf.Relu);
  tf.registerGradient({
    kernelName: tf.Relu,
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const [y] = saved as [tf.Tensor];
      return { x: () => callOp(name, types, [dy as tf.Tensor, y]) };
    },
  });
  if (!runtime.fusedUpdates) return;
  wrapKernel<UnaryCall>(tf.Relu, (original) => (call) => {
    const { x } = call.inputs;
    return x.dtype === "float32" ? callOp("HistoRelu", [], [x]) : original(call);
  });
}

/**
 * Gradient of max pooling with windows of 2 x 2, 4 x 4 or so that do not overlap, for when the project's own operations are missing.
 * TensorFlow's
 * MaxPoolGrad takes five times as long on two cores. This one spreads maxima and errors over their windows (AvgPoolGrad, which
 * is fast, of four times the value), and passes an error to the inputs that equal the maximum, in equal shares if there are several,
 * as in flat tiles.
 */
function quickMaxPoolGradient(): void {
  replaceMaxPoolGradient((dy, x, y, { filterSize, strides, pad }) => {
    const [height, width] = pairOf(filterSize);
    const [down, across] = pairOf(strides);
    const tiled = height === down && width === across && fits(x, y, height, width, pad);
    // Values times 9 and by 9 again are not always the same, so that they would miss the maximum.
    const exact = Number.isInteger(Math.log2(height * width));
    return tiled && exact ? () => spreadToMaxima(x, y, dy, height, width) : undefined;
  });
}

/** Replaces tfjs's gradient of max pooling. @param choose returns undefined for calls that tfjs should handle */
function replaceMaxPoolGradient(
  choose: (
    dy: tf.Tensor4D,
    x: tf.Tensor4D,
    y: tf.Tensor4D,
    attributes: MaxPoolAttributes,
  ) => (() => tf.Tensor) | undefined,
): void {
  const { gradFunc: general } = tf.getGradient(tf.MaxPool);
  tf.unregisterGradient(tf.MaxPool);
  tf.registerGradient({
    kernelName: tf.MaxPool,
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) => {
      const [x, y] = saved as [tf.Tensor4D, tf.Tensor4D];
      const own = choose(dy as tf.Tensor4D, x, y, attributes as unknown as MaxPoolAttributes);
      return own ? { x: own } : general(dy, saved, attributes);
    },
  });
}

interface MaxPoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: unknown;
}

interface UnaryCall {
  readonly inputs: { readonly x: tf.Tensor };
}

const pairOf = (value: number | [number, number]): [number, number] =>
  typeof value === "number" ? [value, value] : value;

/** True if the windows tile the input, except for a rest at the lower and right edges. */
function fits(x: tf.Tensor4D, y: tf.Tensor4D, height: number, width: number, pad: unknown): boolean {
  const whole = y.shape[1] * height <= x.shape[1] && y.shape[2] * width <= x.shape[2];
  return whole && (pad === "valid" || pad === "same" || pad === 0);
}

function spreadToMaxima(x: tf.Tensor4D, y: tf.Tensor4D, dy: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  return tf.tidy(() => {
    const window = [1, height, width, 1];
    const attributes = [
      attribute.float32("T"),
      attribute.int("ksize", window),
      attribute.int("strides", window),
      attribute.text("padding", "VALID"),
      attribute.text("data_format", "NHWC"),
    ];
    const shape = tf.tensor1d(x.shape, "int32");
    const spread = (values: tf.Tensor) => callOp("AvgPoolGrad", attributes, [shape, tf.mul(values, height * width)]);
    const reached = tf.cast(tf.equal(x, spread(y)), "float32") as tf.Tensor4D;
    // Of each window, the mean of the errors at its maxima; there is a maximum in each.
    const share = tf.divNoNan(
      tf.div(dy, height * width),
      tf.avgPool(reached, [height, width], [height, width], "valid"),
    );
    return tf.mul(reached, spread(share));
  });
}

/** Uses the project's own operations for 2 x 2 max pooling, forward and backward: an eighth of TensorFlow's time. */
function ownMaxPool(): void {
  const halves = (x: tf.Tensor, { filterSize, strides, pad }: MaxPoolAttributes) => {
    const twos = [...pairOf(filterSize), ...pairOf(strides)].every((value) => value === 2);
    const even = (x.shape[1] as number) % 2 === 0 && (x.shape[2] as number) % 2 === 0;
    return twos && (pad === "valid" || pad === 0 || (pad === "same" && even));
  };
  wrapKernel<UnaryCall & { readonly attrs: MaxPoolAttributes }>(tf.MaxPool, (original) => (call) => {
    return halves(call.inputs.x, call.attrs) ? callOp("HistoMaxPool", [], [call.inputs.x]) : original(call);
  });
  replaceMaxPoolGradient((dy, x, _, attributes) =>
    halves(x, attributes) ? () => callOp("HistoMaxPoolGrad", [], [dy, x]) : undefined,
  );
}

if (runtime.kind === "native") {
  nativeRelu();
  if (hasNetworkOps) ownMaxPool();
  else if (!runtime.gpu) quickMaxPoolGradient();
}
