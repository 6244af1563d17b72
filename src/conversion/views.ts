/** @module The eight flips and quarter turns of an image inside a graph, and the mean of what comes out for them. */
import { bytesOf } from "../files/index";
import type { GraphBuilder } from "../onnx/index";

const VIEWS = 8;

/** All views [8 n, h, w, c] of images [n, h, w, c], view after view; see `dihedral` of the image room. */
export async function allViews(graph: GraphBuilder, images: string): Promise<string> {
  const mirrored = async (name: string, axis: number) =>
    graph.node("Slice", [
      name,
      await graph.integers([-1]),
      await graph.integers([Number.MIN_SAFE_INTEGER]),
      await graph.integers([axis]),
      await graph.integers([-1]),
    ]);
  const swapped = graph.node("Transpose", [images], { attributes: { perm: [0, 2, 1, 3] } });
  const views: string[] = [];
  for (const upright of [images, swapped]) {
    const rows = await mirrored(upright, 1);
    views.push(upright, await mirrored(upright, 2), rows, await mirrored(rows, 2));
  }
  return graph.node("Concat", views, { attributes: { axis: { int: 0 } } });
}

/** The mean [n, 1] over the views of logits [8 n, 1], with operators that mean the same in every operator set. */
export async function meanOfViews(graph: GraphBuilder, logits: string): Promise<string> {
  const byView = graph.node("Reshape", [logits, await graph.integers([VIEWS, -1])]);
  const shares = new Float32Array(VIEWS).fill(1 / VIEWS);
  const weights = await graph.constant("views/weights", "float32", [1, VIEWS], bytesOf(shares));
  return graph.node("Reshape", [graph.node("MatMul", [weights, byView]), await graph.integers([-1, 1])]);
}
