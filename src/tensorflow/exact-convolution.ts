/**
 * @module Convolutions in full float32. On processors with bf16 instructions, where TensorFlow may use bf16 (see
 * `precision.ts`), oneDNN's convolutions round their factors to it. The operation `Conv` is not given to oneDNN. Only
 * the forward pass is exact: gradients of convolutions have no such operation and keep bf16 factors, unless the process
 * is started with `TF_SET_ONEDNN_FPMATH_MODE=` (empty).
 */
import * as tf from "@tensorflow/tfjs";
import { attribute, callOp } from "./kernels";

type KernelInputs = Readonly<Record<string, tf.Tensor | undefined>>;
type Shape = [number, number, number, number];
interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat?: string;
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly activation?: string;
}

function convolve(inputs: KernelInputs, attrs: ConvAttributes): tf.Tensor {
  const { x, filter } = inputs as { x: tf.Tensor; filter: tf.Tensor };
  const { strides, pad, dilations = 1, dimRoundingMode } = attrs;
  const { computeConv2DInfo } = tf.backend_util;
  const info = computeConv2DInfo(x.shape as Shape, filter.shape as Shape, strides, dilations, pad, dimRoundingMode);
  const { top, bottom, left, right } = info.padInfo;
  const list = (name: string, values: readonly number[]) => attribute.int(name, values as unknown as number);
  const attributes = [
    attribute.float32("T"),
    list("strides", [1, info.strideHeight, info.strideWidth, 1]),
    attribute.text("padding", "EXPLICIT"),
    list("explicit_paddings", [0, 0, top, bottom, left, right, 0, 0]),
    attribute.text("data_format", "CHANNELS_LAST"),
    list("dilations", [1, info.dilationHeight, info.dilationWidth, 1]),
  ];
  return callOp("Conv", attributes, [x, filter]);
}

const activations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  linear: (x) => x,
  relu: tf.relu,
  relu6: tf.relu6,
  elu: tf.elu,
  sigmoid: tf.sigmoid,
};

interface KernelCall {
  readonly inputs: KernelInputs;
  readonly backend: unknown;
  readonly attrs: ConvAttributes;
}

/** Puts exact convolutions in place of tfjs-node's while `isExact` says so. */
export function interceptConvolutions(isExact: () => boolean): void {
  for (const name of [tf.Conv2D, tf.FusedConv2D]) {
    const kernel = tf.getKernel(name, "tensorflow");
    if (!kernel) continue;
    const original = kernel.kernelFunc as unknown as (call: KernelCall) => tf.Tensor;
    const choose = (call: KernelCall) => {
      const { inputs, attrs } = call;
      const activation = activations[attrs.activation ?? "linear"];
      if (!isExact() || !activation || attrs.dataFormat === "NCHW") return original(call);
      return tf.tidy(() => {
        const product = convolve(inputs, attrs);
        return activation(inputs.bias ? tf.add(product, inputs.bias) : product);
      });
    };
    tf.unregisterKernel(name, "tensorflow");
    tf.registerKernel({ ...kernel, kernelFunc: choose as unknown as tf.KernelFunc });
  }
}
