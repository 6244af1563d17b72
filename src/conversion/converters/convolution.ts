/** @module Convolutions. Keras stores kernels as (height, width, in, out), ONNX as (out, in / group, height, width). */

import { InputError } from "../../errors/index";
import { bytesOf } from "../../files/index";
import type { Conversion, Converter, ConverterTable, Value } from "../conversion";
import type { LayerNode } from "../topology";
import { activate } from "./dense";

/** A kernel in ONNX's order with its bias. */
interface Kernel {
  readonly values: Float32Array;
  /** [out, in / group, height, width] */
  readonly shape: readonly [number, number, number, number];
  readonly bias: Float64Array;
}

/** Emits one convolution. Raw pixels are standardized first and not folded, because padding adds standardized zeros. */
async function convolve(
  layer: LayerNode,
  input: Value,
  kernel: Kernel,
  group: number,
  conversion: Conversion,
): Promise<Value> {
  const { graph } = conversion;
  const [out, , height, width] = kernel.shape;
  const window = windowOf(layer, [height, width], input.shape);
  const weight = await graph.constant(`${layer.name}/kernel`, "float32", kernel.shape, bytesOf(kernel.values));
  const bias = await graph.floats(`${layer.name}/bias`, [out], kernel.bias);
  const attributes = { ...window.attributes, dilations: window.dilations, group };
  const name = graph.node("Conv", [await conversion.channelsFirst(input), weight, bias], attributes, layer.name);
  return { name, shape: [...window.output, out], channelsFirst: true };
}

/** Reorders a kernel and folds the batch normalization after the layer into it, if there is one. */
async function kernelOf(
  layer: LayerNode,
  weight: string,
  order: "full" | "depthwise",
  conversion: Conversion,
): Promise<Kernel> {
  const values = await conversion.read(layer, weight);
  const [height, width, inputs, last] = conversion.shapeOf(layer, weight) as [number, number, number, number];
  const shape =
    order === "full" ? ([last, inputs, height, width] as const) : ([inputs * last, 1, height, width] as const);
  const turned = transpose(values, height * width, inputs, last, order);
  const bias = await conversion.optional(layer, "bias", shape[0]);
  const normalization = await conversion.foldedNormalization(layer);
  if (!normalization) return { values: turned, shape, bias };
  const { scale, shift } = normalization;
  const perOutput = turned.length / shape[0];
  return {
    values: turned.map((value, i) => value * (scale[Math.floor(i / perOutput)] as number)),
    shape,
    bias: bias.map((b, i) => b * (scale[i] as number) + (shift[i] as number)),
  };
}

/** (cell, in, out) to (out, in, cell), or for depthwise kernels (cell, in, multiplier) to (in, multiplier, cell). */
function transpose(
  values: Float32Array,
  cells: number,
  inputs: number,
  last: number,
  order: "full" | "depthwise",
): Float32Array {
  const turned = new Float32Array(values.length);
  for (let cell = 0, from = 0; cell < cells; cell++) {
    for (let input = 0; input < inputs; input++) {
      for (let l = 0; l < last; l++, from++) {
        const row = order === "full" ? l * inputs + input : input * last + l;
        turned[row * cells + cell] = values[from] as number;
      }
    }
  }
  return turned;
}

const convolution2d: Converter = async (layer, [input], conversion) => {
  const kernel = await kernelOf(layer, "kernel", "full", conversion);
  return activate(await convolve(layer, input, kernel, 1, conversion), layer.config.activation, conversion);
};

const depthwise: Converter = async (layer, [input], conversion) => {
  const kernel = await kernelOf(layer, "depthwise_kernel", "depthwise", conversion);
  const output = await convolve(layer, input, kernel, input.shape[2] as number, conversion);
  return activate(output, layer.config.activation, conversion);
};

/** A depthwise convolution followed by a 1x1 convolution; the bias belongs to the second. */
const separable: Converter = async (layer, [input], conversion) => {
  const kernel = await kernelOf(layer, "depthwise_kernel", "depthwise", conversion);
  const first = { ...kernel, bias: new Float64Array(kernel.shape[0]) };
  const middle = await convolve(layer, input, first, input.shape[2] as number, conversion);
  const second = await kernelOf(layer, "pointwise_kernel", "full", conversion);
  const pointwise = { ...layer, config: { padding: "valid" } };
  return activate(await convolve(pointwise, middle, second, 1, conversion), layer.config.activation, conversion);
};

export const convolutionConverters: ConverterTable = {
  Conv2D: convolution2d,
  DepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
};

type Pair = readonly [number, number];

/**
 * The window of a layer that slides over an image. @returns `output`: height and width; `attributes`: those that convolution and pooling
 * share, with the pads before and after (height, width) @throws {InputError} for channels-first layers
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
