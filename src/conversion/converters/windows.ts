/** @module Sliding windows of convolution and pooling: size of the output and TensorFlow's "same" padding. */
import { InputError } from "../../errors/index";
import type { LayerNode } from "../topology";

type Pair = readonly [number, number];

/**
 * The window of a layer that slides over an image of the given height and width.
 * @returns `output`: height and width; `attributes`: those that convolution and pooling share, with the pads before (height, width)
 *   and after (height, width)
 * @throws {InputError} for channels-first layers
 */
export function windowOf(layer: LayerNode, kernel: unknown, image: readonly number[]) {
  const { config, name } = layer;
  if (config.data_format === "channels_first") {
    const message = `Layer ${name} has the channels first; only channels last can be exported.`;
    throw new InputError("LAYER_UNSUPPORTED", message);
  }
  const [size, strides, dilations] = [pair(kernel), pair(config.strides), pair(config.dilation_rate)];
  const along = (axis: 0 | 1) => {
    const extent = image[axis] as number;
    const reach = (size[axis] - 1) * dilations[axis] + 1;
    if (config.padding !== "same") {
      return { output: Math.floor((extent - reach) / strides[axis]) + 1, before: 0, after: 0 };
    }
    const output = Math.ceil(extent / strides[axis]);
    const total = Math.max(0, (output - 1) * strides[axis] + reach - extent);
    const before = Math.floor(total / 2);
    return { output, before, after: total - before };
  };
  const [height, width] = [along(0), along(1)];
  const pads = [height.before, width.before, height.after, width.after] as const;
  const output = [height.output, width.output] as const;
  return { dilations, output, attributes: { kernel_shape: size, strides, pads } };
}

/** A setting that is one number for both axes, two numbers, or missing. */
function pair(setting: unknown): Pair {
  if (Array.isArray(setting)) return [Number(setting[0]), Number(setting[1] ?? setting[0])];
  return typeof setting === "number" ? [setting, setting] : [1, 1];
}
