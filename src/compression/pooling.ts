/**
 * @module Turns a linear map of pixels into a map of smaller images: blocks of pixels are averaged, and the map is applied to
 * the image that is estimated from the averages.
 *
 * Tissue is smooth at the scale of a few pixels, so the averages contain most of the information, and the map has factor^2
 * times fewer weights. The interpolation from averages to pixels is fitted to real images and folded into the weights.
 */
import { type LinearMap, matrixOf } from "../conversion/index";
import type { GraphBuilder } from "../onnx/index";
import { BlockGrid, CHANNELS, fitInterpolation } from "./interpolation";

/** Averages over blocks of `factor` x `factor` pixels of square images. */
export class Pooling {
  private readonly grid: BlockGrid;
  private readonly interpolation: readonly Float64Array[];

  /** @param images raw pixels for fitting the interpolation, uint8 [count, size, size, 3] */
  constructor(size: number, factor: number, images: Uint8Array) {
    this.grid = new BlockGrid(size, factor);
    this.interpolation = fitInterpolation(this.grid, images);
  }

  /** Adds nodes that average pixels [n, size^2 * 3] to a graph. @returns name of the averages, uint8 [n, (size / factor)^2 * 3] */
  async write(graph: GraphBuilder, input: string): Promise<string> {
    const { size, factor, blocks } = this.grid;
    const missing = blocks * factor - size;
    let image = input;
    if (missing > 0) {
      const square = await graph.reshape(input, [-1, size, size, CHANNELS]);
      const pads = await graph.integers([0, 0, 0, 0, 0, missing, missing, 0]);
      image = graph.node("Pad", [square, pads], { attributes: { mode: "edge" } });
    }
    const overLines = await meanOfGroups(graph, graph.cast("float32", image), factor, blocks * factor * CHANNELS);
    const averages = await meanOfGroups(graph, overLines, factor, CHANNELS);
    const whole = graph.cast("uint8", graph.node("Round", [averages]));
    return graph.reshape(whole, [-1, blocks * blocks * CHANNELS]);
  }

  /** The map of standardized averages that replaces a map of standardized pixels. Holds it in memory. */
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
  const grouped = await graph.reshape(input, [-1, group, inner]);
  return graph.node("ReduceMean", [grouped, await graph.integers([1])], { attributes: { keepdims: 0 } });
}
