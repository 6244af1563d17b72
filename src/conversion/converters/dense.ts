/** @module Dense layers and the projection onto a subspace of pixel space. */
import type { Conversion, Converter, ConverterTable, Value } from "../conversion";
import { composed } from "../folding";
import { type LinearMap, withOutputAffine } from "../linear";
import type { LayerNode } from "../topology";
import { activate } from "./activation";

/** Bias of a layer in double precision; zeros where it has none. */
export async function biasOf(layer: LayerNode, outputs: number, conversion: Conversion): Promise<Float64Array> {
  return conversion.has(layer, "bias")
    ? Float64Array.from(await conversion.read(layer, "bias"))
    : new Float64Array(outputs);
}

const dense: Converter = async (layer, [input], conversion) => {
  const matrix = conversion.matrix(layer, "kernel");
  let map: LinearMap = { matrix, bias: await biasOf(layer, matrix.columns, conversion) };
  const normalization = await conversion.foldedNormalization(layer);
  if (normalization) map = withOutputAffine(map, normalization.scale, normalization.shift);
  const { projection, ...value } = input as Value;
  if (projection) map = await composed(projection, map);
  const from = projection ? { ...value, shape: [projection.matrix.rows] } : value;
  const output = await conversion.linear(layer.name, from, map);
  return activate(output, layer.config.activation, conversion);
};

/** z = flatten(x) Q + offset: a Dense layer under other names. */
const subspaceProjection: Converter = async (layer, [input], conversion) => {
  const flat = await flatten(input as Value, conversion);
  const matrix = conversion.matrix(layer, "basis");
  const bias = conversion.has(layer, "offset")
    ? Float64Array.from(await conversion.read(layer, "offset"))
    : new Float64Array(matrix.columns);
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
  Flatten: (_layer, [input], conversion) => flatten(input as Value, conversion),
};
