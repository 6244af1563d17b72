/** @module Layers of a vision transformer that are classes of this project. */
import { bytesOf } from "../../files/index";
import type { Conversion, Converter, ConverterTable, Value } from "../conversion";
import type { LayerNode } from "../topology";

/** x + positions. */
const positionEmbedding: Converter = async (layer, [input], conversion) => {
  const value = input as Value;
  const shape = conversion.shapeOf(layer, "positions");
  const content = bytesOf(await conversion.read(layer, "positions"));
  const positions = await conversion.graph.constant(`${layer.name}/positions`, "float32", shape, content);
  const name = conversion.graph.node("Add", [await conversion.keras(value), positions], { name: layer.name });
  return { name, shape: value.shape };
};

/** One product for queries, keys and values of all heads, then attention, then the product behind it. */
const selfAttention: Converter = async (layer, [input], conversion) => {
  const value = input as Value;
  const [tokens, width] = value.shape as [number, number];
  const heads = Number(layer.config.heads);
  const d = width / heads;
  const { graph } = conversion;
  const reshape = async (name: string, shape: readonly number[]) =>
    graph.node("Reshape", [name, await graph.integers(shape)]);
  const qkv = await affine(layer, "qkv", await conversion.keras(value), conversion);
  const split = await reshape(qkv, [-1, tokens, 3, heads, d]);
  const turned = graph.node("Transpose", [split], { attributes: { perm: [2, 0, 3, 1, 4] } });
  const parts = [0, 1, 2].map(async (part) =>
    graph.node("Gather", [turned, await graph.constant(`${layer.name}/part_${part}`, "int64", [], int64(part))], {
      attributes: { axis: { int: 0 } },
    }),
  );
  const [q, k, v] = (await Promise.all(parts)) as [string, string, string];
  const keys = graph.node("Transpose", [k], { attributes: { perm: [0, 1, 3, 2] } });
  const scaled = graph.node("Mul", [q, await graph.scalar(`${layer.name}/scale`, 1 / Math.sqrt(d))]);
  const scores = graph.node("MatMul", [scaled, keys]);
  const weights = graph.node("Softmax", [scores], { attributes: { axis: { int: -1 } } });
  const mixed = graph.node("MatMul", [weights, v]);
  const ordered = graph.node("Transpose", [mixed], { attributes: { perm: [0, 2, 1, 3] } });
  const merged = await reshape(ordered, [-1, tokens, width]);
  return { name: await affine(layer, "out", merged, conversion), shape: value.shape };
};

async function affine(layer: LayerNode, part: string, input: string, conversion: Conversion): Promise<string> {
  const { graph } = conversion;
  const constant = async (weight: string) => {
    const content = bytesOf(await conversion.read(layer, weight));
    return graph.constant(`${layer.name}/${weight}`, "float32", conversion.shapeOf(layer, weight), content);
  };
  const product = graph.node("MatMul", [input, await constant(`${part}_kernel`)]);
  return graph.node("Add", [product, await constant(`${part}_bias`)]);
}

const int64 = (value: number) => bytesOf(BigInt64Array.of(BigInt(value)));

export const transformerConverters: ConverterTable = {
  PositionEmbedding: positionEmbedding,
  SelfAttention: selfAttention,
};
