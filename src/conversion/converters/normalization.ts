/** @module Normalization layers in inference mode. */
import { InputError } from "../../errors/index";
import type { Converter, ConverterTable, Value } from "../conversion";
import type { LayerNode } from "../topology";

/** A batch normalization that could not be folded into a linear layer: a factor and an addend per channel. */
const batchNormalization: Converter = async (layer, [value], conversion) => {
  requireLastAxis(layer, value);
  const { graph } = conversion;
  const { scale, shift } = await conversion.normalizationOf(layer);
  const shape = value.channelsFirst ? [scale.length, 1, 1] : [scale.length];
  const tensor = value.channelsFirst ? value.name : await conversion.keras(value);
  const scaled = graph.node("Mul", [tensor, await graph.floats(`${layer.name}/scale`, shape, scale)]);
  const name = graph.node("Add", [scaled, await graph.floats(`${layer.name}/shift`, shape, shift)]);
  return { name, shape: value.shape, channelsFirst: value.channelsFirst === true };
};

const layerNormalization: Converter = async (layer, [value], conversion) => {
  requireLastAxis(layer, value);
  const { graph } = conversion;
  const extent = value.shape[value.shape.length - 1] as number;
  const weight = async (name: string, fallback: number) =>
    graph.floats(`${layer.name}/${name}`, [extent], await conversion.optional(layer, name, extent, fallback));
  const inputs = [await conversion.keras(value), await weight("gamma", 1), await weight("beta", 0)];
  const epsilon = (layer.config.epsilon as number | undefined) ?? 1e-3;
  const name = graph.node("LayerNormalization", inputs, {
    name: layer.name,
    attributes: { axis: -1, epsilon: { float: epsilon } },
  });
  return { name, shape: value.shape };
};

function requireLastAxis({ name, config }: LayerNode, { shape }: Value): void {
  const axes = [config.axis ?? -1].flat() as number[];
  if (axes.length === 1 && (axes[0] === -1 || axes[0] === shape.length)) return;
  const message = `Layer ${name} normalizes other axes than the last; that cannot be exported.`;
  throw new InputError("LAYER_UNSUPPORTED", message);
}

export const normalizationConverters: ConverterTable = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
};
