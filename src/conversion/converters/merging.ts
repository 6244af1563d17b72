/** @module Layers that join several values into one. */
import type { Conversion, Converter, ConverterTable, Inputs } from "../conversion";

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
      .reduce((sum, next) => conversion.graph.node(opType, [sum, next], { name: layer.name }), names[0] as string);
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
  const name = conversion.graph.node("Concat", names, { name: layer.name, attributes: { axis: inGraph } });
  return { name, shape, channelsFirst, wideRange: inputs.some(({ wideRange }) => wideRange === true) };
};

export const mergingConverters: ConverterTable = {
  Add: elementwise("Add"),
  Subtract: elementwise("Sub"),
  Multiply: elementwise("Mul"),
  Maximum: elementwise("Max"),
  Minimum: elementwise("Min"),
  Average: average,
  Concatenate: concatenate,
};
