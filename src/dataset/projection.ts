/** @module Projects tiles onto a plane: principal components of their colours on a coarse grid. */
import { Random } from "../random/index";
import type { PixelStore } from "./types";

/** Edge length of the grid. */
const EDGE = 8;
const ITERATIONS = 60;

/** One point for each tile. */
export interface PlaneProjection {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Shares of the variance along x and y, 0 to 1. */
  readonly explained: readonly [number, number];
}

/** Mean colours of an 8x8 grid over each tile: [n, 192], the values 0 to 255. */
function colourGrids(store: PixelStore, positions: ArrayLike<number>): Float64Array {
  const width = EDGE * EDGE * 3;
  const features = new Float64Array(positions.length * width);
  const pixels = new Uint8Array(store.bytesPerImage);
  const counts = new Float64Array(EDGE * EDGE);
  const cell = Int32Array.from({ length: store.size ** 2 }, (_, i) => {
    const [x, y] = [i % store.size, Math.floor(i / store.size)].map((at) => Math.floor((at * EDGE) / store.size)) as [
      number,
      number,
    ];
    return y * EDGE + x;
  });
  for (const index of cell) counts[index]!++;
  for (let row = 0; row < positions.length; row++) {
    store.read([positions[row] as number], pixels);
    const into = features.subarray(row * width, (row + 1) * width);
    for (let i = 0; i < pixels.length; i++)
      into[3 * (cell[Math.floor(i / 3)] as number) + (i % 3)]! += pixels[i] as number;
    for (let i = 0; i < width; i++) into[i]! /= Math.max(1, counts[Math.floor(i / 3)] as number);
  }
  return features;
}

/** Projects tiles onto the two directions in which their colour grids differ most. */
export function projectTiles(store: PixelStore, positions: ArrayLike<number>): PlaneProjection {
  const width = EDGE * EDGE * 3;
  const n = positions.length;
  const features = colourGrids(store, positions);
  for (let column = 0; column < width; column++) {
    let sum = 0;
    for (let row = 0; row < n; row++) sum += features[row * width + column] as number;
    for (let row = 0; row < n; row++) features[row * width + column]! -= sum / n;
  }
  const total = features.reduce((sum, value) => sum + value * value, 0);
  const axes: Float64Array[] = [];
  const scores: Float64Array[] = [];
  for (let component = 0; component < 2; component++) {
    const random = new Random(component, "projection");
    let axis = Float64Array.from({ length: width }, () => random.normal());
    let score = new Float64Array(n);
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      for (const other of axes) subtract(axis, other, dot(axis, other));
      const length = Math.sqrt(dot(axis, axis)) || 1;
      axis = axis.map((value) => value / length);
      score = Float64Array.from({ length: n }, (_, row) =>
        dot(features.subarray(row * width, (row + 1) * width), axis),
      );
      if (iteration === ITERATIONS - 1) break;
      axis = new Float64Array(width);
      for (let row = 0; row < n; row++)
        subtract(axis, features.subarray(row * width, (row + 1) * width), -(score[row] as number));
    }
    axes.push(axis);
    scores.push(score);
  }
  const [x, y] = scores as [Float64Array, Float64Array];
  const share = (score: Float64Array) => (total > 0 ? dot(score, score) / total : 0);
  return { x, y, explained: [share(x), share(y)] };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function subtract(from: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < from.length; i++) from[i]! -= times * (what[i] as number);
}
