/**
 * @module Gradients in few native operations where tfjs composes them from many, or TensorFlow's own is slow on a CPU:
 * on feature maps of tens of megabytes each operation costs a pass over memory. Native runtime only; plain JavaScript
 * keeps tfjs's own.
 */
import * as tf from "@tensorflow/tfjs";
import { attribute, callOp } from "./kernels";
import { runtime } from "./load";
import { hasNetworkOps, maxPoolBackward, maxPoolForward } from "./network-ops";

/** ReluGrad, one operation for tfjs's step, cast and multiply; the project's own where it is there, for both passes. */
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
  const kernel = tf.getKernel(tf.Relu, "tensorflow");
  if (!kernel || !runtime.fusedUpdates) return;
  const original = kernel.kernelFunc as unknown as (call: UnaryCall) => tf.Tensor;
  const choose = (call: UnaryCall) =>
    call.inputs.x.dtype === "float32" ? callOp("HistoRelu", [], [call.inputs.x]) : original(call);
  tf.unregisterKernel(tf.Relu, "tensorflow");
  tf.registerKernel({ ...kernel, kernelFunc: choose as unknown as tf.KernelFunc });
}

/**
 * Gradient of max pooling with windows that do not overlap, where the project's own operations are missing. TensorFlow's
 * MaxPoolGrad takes five times as long as this on two cores: maxima and errors are spread over their windows (AvgPoolGrad,
 * which is fast, of four times the value), and an error goes where the input equals the maximum. Where several inputs of a window do, each gets all of it; behind a
 * convolution that does not happen.
 */
function quickMaxPoolGradient(): void {
  replaceMaxPoolGradient((dy, x, y, { filterSize, strides, pad }) => {
    const [height, width] = pairOf(filterSize);
    const [down, across] = pairOf(strides);
    const tiled = height === down && width === across && fits(x, y, height, width, pad);
    return tiled ? () => spreadToMaxima(x, y, dy, height, width) : undefined;
  });
}

/** Puts a gradient in front of tfjs's own. @param choose gives undefined for calls that are left to tfjs */
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

const SMALLEST = 1e-30;

interface MaxPoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: unknown;
}

interface UnaryCall {
  readonly inputs: { readonly x: tf.Tensor };
  readonly backend: unknown;
}

interface MaxPoolCall extends UnaryCall {
  readonly attrs: MaxPoolAttributes;
}

const pairOf = (value: number | [number, number]): [number, number] =>
  typeof value === "number" ? [value, value] : value;

/** Whether windows tile the input, leaving out at most a rest at the lower and right edges. */
function fits(x: tf.Tensor4D, y: tf.Tensor4D, height: number, width: number, pad: unknown): boolean {
  const whole = y.shape[1] * height <= x.shape[1] && y.shape[2] * width <= x.shape[2];
  return whole && (pad === "valid" || pad === "same" || pad === 0);
}

function spreadToMaxima(x: tf.Tensor4D, y: tf.Tensor4D, dy: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  return tf.tidy(() => {
    const window = [1, height, width, 1];
    const attributes = [
      attribute.float32("T"),
      attribute.int("ksize", window as unknown as number),
      attribute.int("strides", window as unknown as number),
      attribute.text("padding", "VALID"),
      attribute.text("data_format", "NHWC"),
    ];
    const shape = tf.tensor1d(x.shape, "int32");
    const spread = (values: tf.Tensor) => callOp("AvgPoolGrad", attributes, [shape, tf.mul(values, height * width)]);
    // Zero at a maximum and negative elsewhere; made positive by next to nothing, so that ReluGrad selects the maxima.
    const below = tf.add(tf.sub(x, spread(y)), SMALLEST);
    return callOp("ReluGrad", [attribute.float32("T")], [spread(dy), below]) as tf.Tensor4D;
  });
}

/** Forward and backward pass of 2 x 2 max pooling by the project's own operations, an eighth of the time of TensorFlow's. */
function ownMaxPool(): void {
  const kernel = tf.getKernel(tf.MaxPool, "tensorflow");
  if (!kernel) return;
  const original = kernel.kernelFunc as unknown as (call: MaxPoolCall) => tf.Tensor;
  const halves = (x: tf.Tensor, { filterSize, strides, pad }: MaxPoolAttributes) => {
    const twos = [...pairOf(filterSize), ...pairOf(strides)].every((value) => value === 2);
    const even = (x.shape[1] as number) % 2 === 0 && (x.shape[2] as number) % 2 === 0;
    return twos && (pad === "valid" || pad === 0 || (pad === "same" && even));
  };
  const choose = (call: MaxPoolCall) =>
    halves(call.inputs.x, call.attrs) ? maxPoolForward(call.inputs.x) : original(call);
  tf.unregisterKernel(tf.MaxPool, "tensorflow");
  tf.registerKernel({ ...kernel, kernelFunc: choose as unknown as tf.KernelFunc });
  replaceMaxPoolGradient((dy, x, _, attributes) => (halves(x, attributes) ? () => maxPoolBackward(dy, x) : undefined));
}

if (runtime.kind === "native") {
  nativeRelu();
  if (hasNetworkOps) ownMaxPool();
  else if (!runtime.gpu) quickMaxPoolGradient();
}
