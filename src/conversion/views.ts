/** @module Computes the eight flips and quarter turns of an image inside a graph, and the mean of their logits. */
import type { GraphBuilder } from "../onnx/index";

const VIEWS = 8;

/** All views [8 n, h, w, c] of images [n, h, w, c], view after view, as `dihedral` of the image room makes them. */
export async function allViews(graph: GraphBuilder, images: string): Promise<string> {
  const mirrored = (name: string, axis: number) => graph.slice(name, axis, -1, Number.MIN_SAFE_INTEGER, -1);
  const views: string[] = [];
  for (const upright of [images, graph.transpose(images, [0, 2, 1, 3])]) {
    const rows = await mirrored(upright, 1);
    views.push(upright, await mirrored(upright, 2), rows, await mirrored(rows, 2));
  }
  return graph.concat(views, 0);
}

/** The mean [n, 1] over the views of logits [8 n, 1], with operators that have the same meaning in every operator set. */
export async function meanOfViews(graph: GraphBuilder, logits: string): Promise<string> {
  const byView = await graph.reshape(logits, [VIEWS, -1]);
  const weights = await graph.floats("views/weights", [1, VIEWS], new Float32Array(VIEWS).fill(1 / VIEWS));
  return graph.reshape(graph.node("MatMul", [weights, byView]), [-1, 1]);
}
