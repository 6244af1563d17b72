/**
 * @module Linear maps of pixels with 4-bit weights. Each column is split into blocks of rows, and each block has its own step.
 * The layout is that of onnxruntime's operator `com.microsoft.MatMulNBits`.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
 */
import { type ChannelAffine, collect, type LinearMap, standardizePixels } from "../conversion/index";
import type { GraphBuilder } from "../onnx/index";

/** Number of rows that share a step. */
const BLOCK = 64;
/** The level that represents 0. */
const ZERO = 8;
/** Makes onnxruntime compute in 8-bit integers, with a step for each block of activations. */
const INT8_PRODUCTS = 4;

/** Writes `standardized pixels x W + b` with 4-bit weights. Holds the matrix in memory. */
export async function fourBitPixels(
  graph: GraphBuilder,
  name: string,
  input: string,
  { matrix, bias }: LinearMap,
  pixels: ChannelAffine,
): Promise<string> {
  const { rows, columns } = matrix;
  const standardized = await standardizePixels(graph, input, [rows], pixels);
  const { packed, steps, blocks } = quantizeBlocks(await collect(matrix), rows, columns);
  const weights = await graph.constant(`${name}/kernel`, "uint8", [columns, blocks, BLOCK / 2], packed);
  const scales = await graph.floats(`${name}/scale`, [columns * blocks], steps);
  graph.roundedWeights += rows * columns;
  const attributes = { K: rows, N: columns, bits: 4, block_size: BLOCK, accuracy_level: INT8_PRODUCTS };
  const product = graph.node("MatMulNBits", [standardized, weights, scales], attributes, name, "com.microsoft");
  return graph.node("Add", [product, await graph.floats(`${name}/bias`, [columns], bias)]);
}

/**
 * Chooses the step so that the largest weight of a block is exact. The 16 levels are -8 to 7 steps.
 * @returns `packed` [columns, blocks, BLOCK / 2], two weights a byte, the earlier row in the lower half; `steps` [columns, blocks]
 */
function quantizeBlocks(values: Float32Array, rows: number, columns: number) {
  const blocks = Math.ceil(rows / BLOCK);
  const packed = new Uint8Array((columns * blocks * BLOCK) / 2);
  const steps = new Float32Array(columns * blocks);
  for (let block = 0; block < blocks; block++) {
    const end = Math.min(rows, (block + 1) * BLOCK);
    for (let column = 0; column < columns; column++) {
      let extreme = 0;
      for (let row = block * BLOCK; row < end; row++) {
        const value = values[row * columns + column]!;
        if (Math.abs(value) > Math.abs(extreme)) extreme = value;
      }
      const at = column * blocks + block;
      const step = Math.fround(extreme / -ZERO);
      steps[at] = step;
      for (let row = block * BLOCK; row < (block + 1) * BLOCK; row++) {
        const ratio = row < end && step !== 0 ? values[row * columns + column]! / step : 0;
        const level = Math.min(15, Math.max(0, Math.round(ratio) + ZERO));
        packed[at * (BLOCK / 2) + ((row % BLOCK) >> 1)]! |= level << (row & 1 ? 4 : 0);
      }
    }
  }
  return { packed, steps, blocks };
}
