/** @module Dense layers and the projection onto a subspace of pixel space. */
import type { Conversion, Converter, ConverterTable, Value } from "../conversion";
import { composed } from "../folding";
import { type LinearMap, withOutputAffine } from "../linear";
import { activate } from "./activation";

const dense: Converter = async (layer, [input], conversion) => {
  const matrix = conversion.matrix(layer, "kernel");
  let map: LinearMap = { matrix, bias: await conversion.optional(layer, "bias", matrix.columns) };
  const normalization = await conversion.foldedNormalization(layer);
  if (normalization) map = withOutputAffine(map, normalization.scale, normalization.shift);
  const { projection, ...value } = input;
  if (projection) map = await composed(projection, map);
  const from = projection ? { ...value, shape: [projection.matrix.rows] } : value;
  const output = await conversion.linear(layer.name, from, map);
  return activate(output, layer.config.activation, conversion);
};

/** z = flatten(x) Q + offset: a dense layer whose weights have other names. */
const subspaceProjection: Converter = async (layer, [input], conversion) => {
  const flat = await flatten(input, conversion);
  const matrix = conversion.matrix(layer, "basis");
  const bias = await conversion.optional(layer, "offset", matrix.columns);
  if (conversion.foldedProjections.has(layer.name))
    return { ...flat, shape: [matrix.columns], projection: { matrix, bias } };
  return { ...(await conversion.linear(layer.name, flat, { matrix, bias })), wideRange: true };
};

/** One axis per sample, in Keras's order. Raw pixels stay raw. */
export async function flatten(value: Value, conversion: Conversion): Promise<Value> {
  if (value.shape.length === 1) return value;
  const shape = [value.shape.reduce((product, extent) => product * extent, 1)];
  const ordered = value.pixels ? value.name : await conversion.keras(value);
  const name = conversion.graph.node("Flatten", [ordered]);
  return value.pixels ? { name, shape, pixels: value.pixels } : { name, shape };
}

export const denseConverters: ConverterTable = {
  Dense: dense,
  BlockDense: dense,
  SubspaceProjection: subspaceProjection,
  Flatten: (_layer, [input], conversion) => flatten(input, conversion),
};
