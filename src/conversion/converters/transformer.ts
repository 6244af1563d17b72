/** @module Layers of a vision transformer that this project defines. */
import { bytesOf } from "../../files/index";
import type { Conversion, Converter, ConverterTable } from "../conversion";
import type { LayerNode } from "../topology";

/** x + positions. */
const positionEmbedding: Converter = async (layer, [value], conversion) => {
  const inputs = [await conversion.keras(value), await conversion.constant(layer, "positions")];
  return { name: conversion.graph.node("Add", inputs, {}, layer.name), shape: value.shape };
};

/** One product for queries, keys and values of all heads, then attention, then the output product. */
const selfAttention: Converter = async (layer, [value], conversion) => {
  const [tokens, width] = value.shape as [number, number];
  const heads = Number(layer.config.heads);
  const d = width / heads;
  const { graph } = conversion;
  const qkv = await affine(layer, "qkv", await conversion.keras(value), conversion);
  const turned = graph.transpose(await graph.reshape(qkv, [-1, tokens, 3, heads, d]), [2, 0, 3, 1, 4]);
  const parts = [0, 1, 2].map(async (part) => {
    const at = await graph.constant(`${layer.name}/part_${part}`, "int64", [], int64(part));
    return graph.node("Gather", [turned, at], { axis: 0 });
  });
  const [q, k, v] = (await Promise.all(parts)) as [string, string, string];
  const scaled = graph.node("Mul", [q, await graph.scalar(`${layer.name}/scale`, 1 / Math.sqrt(d))]);
  const scores = graph.node("MatMul", [scaled, graph.transpose(k, [0, 1, 3, 2])]);
  const weights = graph.node("Softmax", [scores], { axis: -1 });
  const ordered = graph.transpose(graph.node("MatMul", [weights, v]), [0, 2, 1, 3]);
  const merged = await graph.reshape(ordered, [-1, tokens, width]);
  return { name: await affine(layer, "out", merged, conversion), shape: value.shape };
};

async function affine(layer: LayerNode, part: string, input: string, conversion: Conversion): Promise<string> {
  const product = conversion.graph.node("MatMul", [input, await conversion.constant(layer, `${part}_kernel`)]);
  return conversion.graph.node("Add", [product, await conversion.constant(layer, `${part}_bias`)]);
}

const int64 = (value: number) => bytesOf(BigInt64Array.of(BigInt(value)));

export const transformerConverters: ConverterTable = {
  PositionEmbedding: positionEmbedding,
  SelfAttention: selfAttention,
};
