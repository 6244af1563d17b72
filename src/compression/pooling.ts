/**
 * @module A linear map of pixels as one of smaller images: blocks of pixels are averaged, and the map takes the image that the
 * averages let expect.
 *
 * Tissue is smooth at the scale of a few pixels, so the averages tell most of what the map sees, and it has factor^2 times fewer
 * weights. The interpolation from averages to pixels is fitted to real images and folded into the weights.
 */

import { castToFloat, type LinearMap, matrixOf } from "../conversion/index";
import type { GraphBuilder } from "../onnx/index";
import { BlockGrid, CHANNELS, fitInterpolation } from "./interpolation";

/** Uint8 in ONNX's numbering of element types. */
const UINT8 = 2;

/** Averages over blocks of `factor` x `factor` pixels of square images. */
export class Pooling {
  private readonly grid: BlockGrid;
  private readonly interpolation: readonly Float64Array[];

  /** @param images what the interpolation is fitted to: raw pixels, uint8 [count, size, size, 3] */
  constructor(size: number, factor: number, images: Uint8Array) {
    this.grid = new BlockGrid(size, factor);
    this.interpolation = fitInterpolation(this.grid, images);
  }

  /** Appends the averages of pixels [n, size^2 * 3] to a graph: uint8 [n, (size / factor)^2 * 3]. */
  async write(graph: GraphBuilder, input: string): Promise<string> {
    const { size, factor, blocks } = this.grid;
    const missing = blocks * factor - size;
    let image = input;
    if (missing > 0) {
      const square = graph.node("Reshape", [input, await graph.integers([-1, size, size, CHANNELS])]);
      const pads = await graph.integers([0, 0, 0, 0, 0, missing, missing, 0]);
      image = graph.node("Pad", [square, pads], { attributes: { mode: { text: "edge" } } });
    }
    const overLines = await meanOfGroups(graph, castToFloat(graph, image), factor, blocks * factor * CHANNELS);
    const averages = await meanOfGroups(graph, overLines, factor, CHANNELS);
    const whole = graph.node("Cast", [graph.node("Round", [averages])], { attributes: { to: { int: UINT8 } } });
    return graph.node("Reshape", [whole, await graph.integers([-1, blocks * blocks * CHANNELS])]);
  }

  /** The map of standardized averages that stands for a map of standardized pixels. It is held in memory. */
  async mapOf({ matrix, bias }: LinearMap): Promise<LinearMap> {
    const { size, factor, blocks } = this.grid;
    const { columns } = matrix;
    const inputs = blocks * blocks * CHANNELS;
    const pooled = new Float32Array(inputs * columns);
    for await (const { start, rows, values } of matrix.blocks()) {
      for (let row = 0; row < rows; row++) {
        const pixel = Math.floor((start + row) / CHANNELS);
        const channel = (start + row) % CHANNELS;
        const [y, x] = [Math.floor(pixel / size), pixel % size];
        const weights = this.interpolation[(y % factor) * factor + (x % factor)]!;
        const around = this.grid.around(Math.floor(y / factor), Math.floor(x / factor));
        for (const [tap, block] of around.entries()) {
          const weight = weights[tap]!;
          let into = (block * CHANNELS + channel) * columns;
          for (let from = row * columns, end = from + columns; from < end; from++)
            pooled[into++]! += weight * values[from]!;
        }
      }
    }
    return { matrix: matrixOf(pooled, inputs, columns), bias };
  }
}

/** Means over groups of `group` consecutive vectors of `inner` numbers. */
async function meanOfGroups(graph: GraphBuilder, input: string, group: number, inner: number): Promise<string> {
  const grouped = graph.node("Reshape", [input, await graph.integers([-1, group, inner])]);
  return graph.node("ReduceMean", [grouped, await graph.integers([1])], { attributes: { keepdims: { int: 0 } } });
}
