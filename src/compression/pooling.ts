/**
 * @module Turns a linear map of pixels into a map of smaller images: blocks of pixels are averaged, and the map is applied to
 * the image that is estimated from the averages.
 *
 * Tissue is smooth at the scale of a few pixels, so the averages contain most of the information, and the map has factor^2
 * times fewer weights. The interpolation from averages to pixels is fitted to real images and folded into the weights.
 */
import { type LinearMap, matrixOf } from "../conversion/index";
import { symmetricEigen } from "../eigen/index";
import type { GraphBuilder } from "../onnx/index";

/** Largest distance, in blocks, of the averages that a pixel is estimated from. */
const RADIUS = 2;
const WIDTH = 2 * RADIUS + 1;
const TAPS = WIDTH * WIDTH;
/** Number of images for the fit. */
const FITTED_IMAGES = 32;
const CHANNELS = 3;

/** Square images of `size` pixels in blocks of `factor` x `factor`. If blocks extend beyond an edge, the last pixels are repeated. */
export class BlockGrid {
  /** Blocks along each side. */
  readonly blocks: number;

  constructor(
    readonly size: number,
    readonly factor: number,
  ) {
    this.blocks = Math.ceil(size / factor);
  }

  /** Positions of the blocks around a block, row by row. Positions beyond an edge are replaced by the nearest block. */
  around(blockY: number, blockX: number): number[] {
    const near = (at: number) => Math.min(this.blocks - 1, Math.max(0, at));
    return Array.from({ length: TAPS }, (_, tap) => {
      const y = near(blockY + Math.floor(tap / WIDTH) - RADIUS);
      return y * this.blocks + near(blockX + (tap % WIDTH) - RADIUS);
    });
  }

  /** Averages over the blocks of an image: [blocks, blocks, 3], not rounded. */
  average(image: Uint8Array): Float64Array {
    const { size, factor, blocks } = this;
    const averages = new Float64Array(blocks * blocks * CHANNELS);
    for (let y = 0; y < blocks * factor; y++) {
      for (let x = 0; x < blocks * factor; x++) {
        const from = (Math.min(y, size - 1) * size + Math.min(x, size - 1)) * CHANNELS;
        const into = (Math.floor(y / factor) * blocks + Math.floor(x / factor)) * CHANNELS;
        for (let c = 0; c < CHANNELS; c++) averages[into + c]! += image[from + c]! / (factor * factor);
      }
    }
    return averages;
  }
}

/**
 * Weights of the averages {@link BlockGrid.around} a pixel's block, by the pixel's place in its block, row by row. Fits the
 * differences from the block's own average, so that the weights add up to 1 and uniform images stay uniform.
 * @param images raw pixels, uint8 [count, size, size, 3]
 */
export function fitInterpolation(grid: BlockGrid, images: Uint8Array): Float64Array[] {
  const { size, factor, blocks } = grid;
  const bytes = size * size * CHANNELS;
  const count = images.length / bytes;
  const fitted = Math.min(count, FITTED_IMAGES);
  const products = new Float64Array(TAPS * TAPS);
  const targets = Array.from({ length: factor * factor }, () => new Float64Array(TAPS));
  const differences = new Float64Array(TAPS);
  for (let i = 0; i < fitted; i++) {
    const image = images.subarray(Math.floor((i * count) / fitted) * bytes).subarray(0, bytes);
    const averages = grid.average(image);
    for (let block = 0; block < blocks * blocks; block++) {
      const [top, left] = [Math.floor(block / blocks) * factor, (block % blocks) * factor];
      const around = grid.around(top / factor, left / factor);
      for (let c = 0; c < CHANNELS; c++) {
        const centre = averages[block * CHANNELS + c]!;
        for (const [tap, near] of around.entries()) differences[tap] = averages[near * CHANNELS + c]! - centre;
        for (let tap = 0; tap < TAPS; tap++) addMultiple(products, tap * TAPS, differences, differences[tap]!);
        for (const [place, target] of targets.entries()) {
          const y = Math.min(size - 1, top + Math.floor(place / factor));
          const x = Math.min(size - 1, left + (place % factor));
          addMultiple(target, 0, differences, image[(y * size + x) * CHANNELS + c]! - centre);
        }
      }
    }
  }
  return solve(products, targets).map((weights) => {
    weights[(TAPS - 1) / 2]! += 1 - weights.reduce((sum, weight) => sum + weight, 0);
    return weights;
  });
}

function addMultiple(sums: Float64Array, start: number, vector: Float64Array, factor: number): void {
  for (let i = 0; i < vector.length; i++) sums[start + i]! += factor * vector[i]!;
}

/** Least-squares solutions by the pseudo-inverse of the symmetric matrix of products. */
function solve(products: Float64Array, targets: readonly Float64Array[]): Float64Array[] {
  const { values, vectors } = symmetricEigen(products, TAPS);
  const kept = values.filter((value) => value > 1e-9 * values[0]!).length;
  return targets.map((target) => {
    const solution = new Float64Array(TAPS);
    for (let k = 0; k < kept; k++) {
      const vector = vectors.subarray(k * TAPS, (k + 1) * TAPS);
      addMultiple(solution, 0, vector, vector.reduce((sum, v, i) => sum + v * target[i]!, 0) / values[k]!);
    }
    return solution;
  });
}

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
      image = graph.node("Pad", [square, pads], { mode: "edge" });
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
  return graph.node("ReduceMean", [grouped, await graph.integers([1])], { keepdims: 0 });
}
