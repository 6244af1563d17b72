/** @module Linear maps `y = x W + b`, and how they are written into the graph. */
import { sizeOf } from "../files/index";
import type { GraphBuilder } from "../onnx/index";
import { floatBytes, type Matrix, scaleColumns, scaleRows, weightedRowSum } from "./matrix";

/** `value = raw * scale[c] + shift[c]` with c the channel: position in the flattened image modulo the channel count. */
export interface ChannelAffine {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** `y = x W + b`. The bias is in double precision until it is written. */
export interface LinearMap {
  /** W, [inputs, outputs]. */
  readonly matrix: Matrix;
  /** b, [outputs]. */
  readonly bias: Float64Array;
}

/** Writes linear maps in one precision. Inputs and outputs are names of tensors in the graph. */
export interface LinearWriter {
  /** Applies a map of standardized pixels to raw uint8 pixels [n, inputs]. `pixels` describes the standardization. */
  pixels(graph: GraphBuilder, name: string, input: string, map: LinearMap, pixels: ChannelAffine): Promise<string>;
  /** Applies a map to the last axis of a float32 tensor with `rank` axes. */
  floats(graph: GraphBuilder, name: string, input: string, map: LinearMap, rank: number): Promise<string>;
}

/** Turns a map of `raw * scale + shift` into the equivalent map of the raw values, in one pass over the matrix. */
export async function withInputAffine({ matrix, bias }: LinearMap, affine: ChannelAffine): Promise<LinearMap> {
  const shifted = await weightedRowSum(matrix, affine.shift);
  return { matrix: scaleRows(matrix, affine.scale), bias: bias.map((b, i) => b + (shifted[i] as number)) };
}

/** The map followed by `y * scale + shift`. */
export function withOutputAffine({ matrix, bias }: LinearMap, scale: Float64Array, shift: Float64Array): LinearMap {
  const outer = bias.map((b, i) => b * (scale[i] as number) + (shift[i] as number));
  return { matrix: scaleColumns(matrix, scale), bias: outer };
}

/** Full precision: one Gemm (or MatMul and Add beyond two axes). */
export const floatWriter: LinearWriter = {
  async pixels(graph, name, input, map, pixels) {
    const folded = await withInputAffine(map, pixels);
    return floatWriter.floats(graph, name, graph.cast("float32", input), folded, 2);
  },
  async floats(graph, name, input, { matrix, bias }, rank) {
    const kernel = await graph.constant(`${name}/kernel`, "float32", [matrix.rows, matrix.columns], floatBytes(matrix));
    const offset = await graph.floats(`${name}/bias`, [matrix.columns], bias);
    if (rank === 2) return graph.node("Gemm", [input, kernel, offset], {}, name);
    return graph.node("Add", [graph.node("MatMul", [input, kernel], {}, name), offset]);
  },
};

/** Standardizes raw uint8 values. @param shape shape of the tensor without the batch axis, channels last or flat */
export async function standardizePixels(
  graph: GraphBuilder,
  input: string,
  shape: readonly number[],
  { scale, shift }: ChannelAffine,
): Promise<string> {
  const channels = scale.length;
  const image = shape.length > 1 && shape[shape.length - 1] === channels;
  const cast = graph.cast("float32", input);
  const raw = image ? cast : await graph.reshape(cast, [-1, sizeOf(shape) / channels, channels]);
  const scaled = graph.node("Mul", [raw, await graph.floats("standardize:scale", [channels], scale)]);
  const shifted = graph.node("Add", [scaled, await graph.floats("standardize:shift", [channels], shift)]);
  return image ? shifted : graph.reshape(shifted, [-1, ...shape]);
}
