/**
 * @module Convolutions in full float32. On processors with bf16 instructions, if TensorFlow may use them (see `precision.ts`),
 * oneDNN's convolutions round their factors. The operation `Conv` does not use oneDNN; it knows no depthwise filters, so the
 * products with each place of such a filter are added up. Only the forward pass is exact: gradients of convolutions have no
 * such operation and use bf16 factors, unless the process starts with `TF_SET_ONEDNN_FPMATH_MODE=` (empty).
 */
import * as tf from "@tensorflow/tfjs";
import { attribute, callOp, wrapKernel } from "./kernels";

type Geometry = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
interface ConvolutionCall {
  readonly inputs: { readonly x: tf.Tensor4D; readonly filter: tf.Tensor4D; readonly bias?: tf.Tensor };
  readonly attrs: {
    readonly strides: number | [number, number];
    readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
    readonly dataFormat?: string;
    /** The layers of tfjs give null for 1. */
    readonly dilations?: number | [number, number] | null;
    readonly dimRoundingMode?: "floor" | "round" | "ceil";
    readonly activation?: string;
  };
}

function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, info: Geometry): tf.Tensor {
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

/** For filters of each channel [height, width, channels, filters of a channel]. */
function convolveEachChannel(x: tf.Tensor4D, filter: tf.Tensor4D, info: Geometry): tf.Tensor {
  const [height, width, channels, filters] = filter.shape;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, outHeight, outWidth } = info;
  const { top, bottom, left, right } = info.padInfo;
  const around = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ] as [number, number][];
  const padded = tf.pad(x, around);
  let sum: tf.Tensor = tf.scalar(0);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const [row, column] = [i * dilationHeight, j * dilationWidth];
      const end = [
        x.shape[0],
        row + (outHeight - 1) * strideHeight + 1,
        column + (outWidth - 1) * strideWidth + 1,
        channels,
      ];
      const part = tf.stridedSlice(padded, [0, row, column, 0], end, [1, strideHeight, strideWidth, 1]);
      const weights = filter.slice([i, j, 0, 0], [1, 1, channels, filters]).reshape([channels, filters]);
      sum = tf.add(sum, tf.mul(tf.expandDims(part, 4), weights));
    }
  }
  return sum.reshape([x.shape[0], outHeight, outWidth, channels * filters]);
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
  const kernels = [
    [tf.Conv2D, false],
    [tf.FusedConv2D, false],
    [tf.DepthwiseConv2dNative, true],
    [tf.FusedDepthwiseConv2D, true],
  ] as const;
  for (const [name, isDepthwise] of kernels) {
    wrapKernel<ConvolutionCall>(name, (original) => (call) => {
      const { x, filter, bias } = call.inputs;
      const { strides, pad, dilations, dimRoundingMode: rounding, dataFormat } = call.attrs;
      const activation = activations[call.attrs.activation ?? "linear"];
      if (!isExact() || !activation || dataFormat === "NCHW") return original(call);
      const { computeConv2DInfo } = tf.backend_util;
      const info = computeConv2DInfo(x.shape, filter.shape, strides, dilations ?? 1, pad, rounding, isDepthwise);
      return tf.tidy(() => {
        const product = isDepthwise ? convolveEachChannel(x, filter, info) : convolve(x, filter, info);
        return activation(bias ? tf.add(product, bias) : product);
      });
    });
  }
}
