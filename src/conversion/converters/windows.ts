/** @module Sliding windows of convolution and pooling: output extent and TensorFlow's "same" padding. */
import { InputError } from "../../errors/index";
import type { Attribute } from "../../onnx/index";
import type { LayerConfig, LayerNode } from "../topology";

/** A window sliding over height and width. */
interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Output height and width. */
  readonly output: readonly [number, number];
  /** Padding before (height, width) and after (height, width), as ONNX wants it. */
  readonly pads: readonly [number, number, number, number];
}

/** The window of a layer over an image of the given height and width. @throws {InputError} for channels-first layers */
export function windowOf(layer: LayerNode, kernel: unknown, image: readonly number[]): Window {
  const { config, name } = layer;
  if (config.data_format === "channels_first") {
    throw new InputError(
      "LAYER_UNSUPPORTED",
      `Layer ${name} has the channels first; only channels last can be exported.`,
    );
  }
  const size = pair(kernel, 1);
  const strides = pair(config.strides, 1);
  const dilations = pair(config.dilation_rate, 1);
  const axes = [0, 1].map((axis) => along(config, image, size, strides, dilations, axis as 0 | 1));
  const [height, width] = axes as [(typeof axes)[0], (typeof axes)[0]];
  return {
    kernel: size,
    strides,
    dilations,
    output: [height.output, width.output],
    pads: [height.before, width.before, height.after, width.after],
  };
}

type Pair = readonly [number, number];

function along(
  config: LayerConfig,
  image: readonly number[],
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
  axis: 0 | 1,
) {
  const extent = image[axis] as number;
  const reach = (kernel[axis] - 1) * dilations[axis] + 1;
  if (config.padding !== "same") {
    return { output: Math.floor((extent - reach) / strides[axis]) + 1, before: 0, after: 0 };
  }
  const output = Math.ceil(extent / strides[axis]);
  const total = Math.max(0, (output - 1) * strides[axis] + reach - extent);
  const before = Math.floor(total / 2);
  return { output, before, after: total - before };
}

/** A setting that is one number for both axes, two numbers, or missing. */
export function pair(setting: unknown, fallback: number): Pair {
  if (Array.isArray(setting)) return [Number(setting[0]), Number(setting[1] ?? setting[0])];
  return typeof setting === "number" ? [setting, setting] : [fallback, fallback];
}

/** The attributes that convolution and pooling share. */
export function windowAttributes({ kernel, strides, pads }: Window): Readonly<Record<string, Attribute>> {
  return { kernel_shape: kernel, strides, pads };
}
