/** @module Finds the operator that computes an output's values, to tell probabilities from logits. */
import { readFile, stat } from "node:fs/promises";
import type { DecodedNode } from "./backbone-file";
import { modelProto } from "./schema";

/** Operators that move, select or round values, or change their type. */
const REARRANGING: ReadonlySet<string> = new Set(
  "Identity Cast Reshape Flatten Squeeze Unsqueeze Transpose Expand Slice Gather Split Dropout QuantizeLinear DequantizeLinear".split(
    " ",
  ),
);

/** Larger files are not read, because their weights would be in memory twice. */
const LARGEST = 2 ** 30;

/** The operator that computes an output of an ONNX file, such as `Sigmoid`, before those that only move or round; undefined if unknown. */
export async function lastOperator(path: string, output: string): Promise<string | undefined> {
  if ((await stat(path)).size > LARGEST) return undefined;
  const model = (await modelProto()).decode(await readFile(path)) as { graph?: { node?: readonly DecodedNode[] } };
  const nodes = model.graph?.node ?? [];
  const makers = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  let node = makers.get(output);
  while (node && REARRANGING.has(node.opType ?? "")) node = makers.get(node.input[0] ?? "");
  return node?.opType;
}
