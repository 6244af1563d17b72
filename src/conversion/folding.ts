/** @module Combines a projection onto a subspace and the dense layer after it into one dense layer on pixels. */
import { identityConverters } from "./conversion";
import type { LinearMap } from "./linear";
import { collect, type Matrix, MatrixMultiplier, weightedRowSum } from "./matrix";
import type { LayerGraph, LayerNode } from "./topology";

/** Rows of the product that are computed at a time. */
const BLOCK_ROWS = 1024;

/** Names of the projections whose only use is one dense layer. */
export function foldableProjections({ nodes }: LayerGraph): Set<string> {
  const usesOf = (position: number) => nodes.filter(({ inputs }) => inputs.includes(position));
  const found = new Set<string>();
  for (const [position, node] of nodes.entries()) {
    if (node.className !== "SubspaceProjection") continue;
    let uses = usesOf(position);
    while (uses.length === 1 && (uses[0] as LayerNode).className in identityConverters) {
      uses = usesOf(nodes.indexOf(uses[0] as LayerNode));
    }
    if (uses.length === 1 && /^(Block)?Dense$/.test((uses[0] as LayerNode).className)) found.add(node.name);
  }
  return found;
}

/** x (Q W') + (q W' + b) for z = x Q + q, y = z W' + b. The product is computed block by block each time it is read. */
export async function composed(first: LinearMap, second: LinearMap): Promise<LinearMap> {
  const inner = await collect(second.matrix);
  const shift = await weightedRowSum(second.matrix, first.bias);
  const matrix: Matrix = {
    rows: first.matrix.rows,
    columns: second.matrix.columns,
    async *blocks() {
      const multiplier = await MatrixMultiplier.open();
      try {
        const width = first.matrix.columns;
        for await (const block of first.matrix.blocks()) {
          for (let row = 0; row < block.rows; row += BLOCK_ROWS) {
            const rows = Math.min(BLOCK_ROWS, block.rows - row);
            const left = block.values.subarray(row * width, (row + rows) * width);
            yield { start: block.start + row, rows, values: await multiplier.multiply(left, inner, width) };
          }
        }
      } finally {
        await multiplier.close();
      }
    },
  };
  return { matrix, bias: second.bias.map((b, i) => b + shift[i]!) };
}
