/** @module Layers that reshape, permute, pad, scale, pool or merge values. */
import { sizeOf } from "../../files/index";
import type { Conversion, Converter, ConverterTable, Inputs } from "../conversion";
import { windowOf } from "./convolution";

const reshape: Converter = async (layer, [value], conversion) => {
  const target = layer.config.target_shape as (number | null)[];
  const known = target.reduce<number>((product, extent) => product * (extent === null || extent < 0 ? 1 : extent), 1);
  const shape = target.map((extent) => (extent === null || extent < 0 ? sizeOf(value.shape) / known : extent));
  const ordered = value.pixels ? value.name : await conversion.keras(value);
  const { graph } = conversion;
  const name = graph.node("Reshape", [ordered, await graph.integers([-1, ...shape])], {}, layer.name);
  return value.pixels ? { name, shape, pixels: value.pixels } : { name, shape };
};

/** In Keras, axis 0 is the batch axis. */
const permute: Converter = async (layer, [value], conversion) => {
  const order = layer.config.dims as number[];
  const name = conversion.graph.node("Transpose", [await conversion.keras(value)], { perm: [0, ...order] }, layer.name);
  return { name, shape: order.map((axis) => value.shape[axis - 1] as number) };
};

const zeroPadding: Converter = async (layer, [value], conversion) => {
  const { graph } = conversion;
  const [[top, bottom], [left, right]] = paddingOf(layer.config.padding);
  const pads = await graph.integers([0, 0, top, left, 0, 0, bottom, right]);
  const name = graph.node("Pad", [await conversion.channelsFirst(value), pads], {}, layer.name);
  const [height, width, channels] = value.shape as [number, number, number];
  return { name, shape: [height + top + bottom, width + left + right, channels], channelsFirst: true };
};

type Sides = readonly [number, number];

function paddingOf(setting: unknown): readonly [Sides, Sides] {
  const sides = (side: unknown): Sides =>
    Array.isArray(side) ? (side as [number, number]) : [Number(side), Number(side)];
  return Array.isArray(setting) ? [sides(setting[0]), sides(setting[1])] : [sides(setting ?? 1), sides(setting ?? 1)];
}

/** y = x scale + offset. */
const rescaling: Converter = async (layer, [value], conversion) => {
  const { graph } = conversion;
  const { scale = 1, offset = 0 } = layer.config as { scale?: number; offset?: number };
  const scaled = graph.node("Mul", [await conversion.keras(value), await graph.scalar(`${layer.name}/scale`, scale)]);
  return { name: graph.node("Add", [scaled, await graph.scalar(`${layer.name}/offset`, offset)]), shape: value.shape };
};

/** ONNX excludes padding from averages by default, as TensorFlow does. */
function pooling(opType: "MaxPool" | "AveragePool"): Converter {
  return async (layer, [value], conversion) => {
    const strides = layer.config.strides ?? layer.config.pool_size;
    const window = windowOf({ ...layer, config: { ...layer.config, strides } }, layer.config.pool_size, value.shape);
    const image = await conversion.channelsFirst(value);
    const name = conversion.graph.node(opType, [image], window.attributes, layer.name);
    return { name, shape: [...window.output, value.shape[2] as number], channelsFirst: true };
  };
}

/** Reduces all axes between the batch and the channels. */
function globalPooling(opType: "ReduceMean" | "ReduceMax"): Converter {
  return async (layer, [value], conversion) => {
    const inner = value.shape.slice(0, -1).map((_, i) => i + (value.channelsFirst ? 2 : 1));
    const tensor = value.pixels ? await conversion.keras(value) : value.name;
    const axes = await conversion.graph.integers(inner);
    const name = conversion.graph.node(opType, [tensor, axes], { keepdims: 0 }, layer.name);
    return { name, shape: value.shape.slice(-1) };
  };
}

/** Brings all inputs into the same order of axes: channels first if all of them already are. */
async function sameOrder(inputs: Inputs, conversion: Conversion): Promise<{ names: string[]; channelsFirst: boolean }> {
  const channelsFirst = inputs.every((input) => input.channelsFirst === true);
  const names = channelsFirst
    ? inputs.map(({ name }) => name)
    : await Promise.all(inputs.map((input) => conversion.keras(input)));
  return { names, channelsFirst };
}

/** Combines element by element. The inputs have equal shapes, or equal ranks with extents of 1. */
function elementwise(opType: string): Converter {
  return async (layer, inputs, conversion) => {
    const { names, channelsFirst } = await sameOrder(inputs, conversion);
    const name = names
      .slice(1)
      .reduce((sum, next) => conversion.graph.node(opType, [sum, next], {}, layer.name), names[0] as string);
    const shape = inputs[0].shape.map((_, i) => Math.max(...inputs.map((input) => input.shape[i] as number)));
    return { name, shape, channelsFirst };
  };
}

const average: Converter = async (layer, inputs, conversion) => {
  const sum = await elementwise("Add")(layer, inputs, conversion);
  const count = await conversion.graph.scalar(`${layer.name}/count`, inputs.length);
  return { ...sum, name: conversion.graph.node("Div", [sum.name, count]) };
};

const concatenate: Converter = async (layer, inputs, conversion) => {
  const { names, channelsFirst } = await sameOrder(inputs, conversion);
  const shape = [...inputs[0].shape];
  const given = (layer.config.axis as number | undefined) ?? -1;
  const axis = given < 0 ? shape.length + given : given - 1;
  shape[axis] = inputs.reduce((total, input) => total + (input.shape[axis] as number), 0);
  const inGraph = channelsFirst ? ((axis + 1) % 3) + 1 : axis + 1;
  const name = conversion.graph.node("Concat", names, { axis: inGraph }, layer.name);
  return { name, shape, channelsFirst, wideRange: inputs.some(({ wideRange }) => wideRange === true) };
};

export const shapeConverters: ConverterTable = {
  Reshape: reshape,
  Permute: permute,
  ZeroPadding2D: zeroPadding,
  Rescaling: rescaling,
  MaxPooling2D: pooling("MaxPool"),
  AveragePooling2D: pooling("AveragePool"),
  GlobalAveragePooling2D: globalPooling("ReduceMean"),
  GlobalMaxPooling2D: globalPooling("ReduceMax"),
  GlobalAveragePooling1D: globalPooling("ReduceMean"),
  GlobalMaxPooling1D: globalPooling("ReduceMax"),
  Add: elementwise("Add"),
  Subtract: elementwise("Sub"),
  Multiply: elementwise("Mul"),
  Maximum: elementwise("Max"),
  Minimum: elementwise("Min"),
  Average: average,
  Concatenate: concatenate,
};
