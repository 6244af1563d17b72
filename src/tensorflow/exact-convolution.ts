/**
 * @module Convolutions in full float32. On processors with bf16 instructions, if TensorFlow may use them (see `precision.ts`),
 * oneDNN's convolutions round their factors. The operation `Conv` does not use oneDNN. Only the forward pass is exact:
 * gradients of convolutions have no such operation and use bf16 factors, unless the process starts with
 * `TF_SET_ONEDNN_FPMATH_MODE=` (empty).
 */
import * as tf from "@tensorflow/tfjs";
import { attribute, callOp, wrapKernel } from "./kernels";

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

/** Uses exact convolutions instead of tfjs-node's while `isExact` is true. */
export function interceptConvolutions(isExact: () => boolean): void {
  for (const name of [tf.Conv2D, tf.FusedConv2D]) {
    wrapKernel<{ inputs: KernelInputs; attrs: ConvAttributes }>(name, (original) => (call) => {
      const { inputs, attrs } = call;
      const activation = activations[attrs.activation ?? "linear"];
      if (!isExact() || !activation || attrs.dataFormat === "NCHW") return original(call);
      return tf.tidy(() => {
        const product = convolve(inputs, attrs);
        return activation(inputs.bias ? tf.add(product, inputs.bias) : product);
      });
    });
  }
}
