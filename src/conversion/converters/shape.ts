/** @module Layers that reshape, permute, pad or scale values. */
import { sizeOf } from "../../files/index";
import type { Converter, ConverterTable } from "../conversion";

const reshape: Converter = async (layer, [value], conversion) => {
  const target = layer.config.target_shape as (number | null)[];
  const known = target.reduce<number>((product, extent) => product * (extent === null || extent < 0 ? 1 : extent), 1);
  const shape = target.map((extent) => (extent === null || extent < 0 ? sizeOf(value.shape) / known : extent));
  const ordered = value.pixels ? value.name : await conversion.keras(value);
  const { graph } = conversion;
  const name = graph.node("Reshape", [ordered, await graph.integers([-1, ...shape])], { name: layer.name });
  return value.pixels ? { name, shape, pixels: value.pixels } : { name, shape };
};

/** In Keras, axis 0 is the batch axis. */
const permute: Converter = async (layer, [value], conversion) => {
  const order = layer.config.dims as number[];
  const name = conversion.graph.node("Transpose", [await conversion.keras(value)], {
    name: layer.name,
    attributes: { perm: [0, ...order] },
  });
  return { name, shape: order.map((axis) => value.shape[axis - 1] as number) };
};

const zeroPadding: Converter = async (layer, [value], conversion) => {
  const { graph } = conversion;
  const [[top, bottom], [left, right]] = paddingOf(layer.config.padding);
  const pads = await graph.integers([0, 0, top, left, 0, 0, bottom, right]);
  const name = graph.node("Pad", [await conversion.channelsFirst(value), pads], { name: layer.name });
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

export const shapeConverters: ConverterTable = {
  Reshape: reshape,
  Permute: permute,
  ZeroPadding2D: zeroPadding,
  Rescaling: rescaling,
};
