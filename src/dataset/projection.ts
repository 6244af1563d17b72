/** @module Projects tiles onto a plane: principal components of their colours on a coarse grid. */
import { symmetricEigen } from "../eigen/index";
import type { PixelStore } from "./types";

const EDGE = 8;
const WIDTH = EDGE * EDGE * 3;

/** Mean colours of an 8x8 grid over each tile: [n, 192], the values 0 to 255. */
function colourGrids(store: PixelStore, positions: ArrayLike<number>): Float64Array {
  const features = new Float64Array(positions.length * WIDTH);
  const pixels = new Uint8Array(store.bytesPerImage);
  const counts = new Float64Array(EDGE * EDGE);
  const cell = Int32Array.from({ length: store.size ** 2 }, (_, i) => {
    const at = (place: number) => Math.floor((place * EDGE) / store.size);
    return at(Math.floor(i / store.size)) * EDGE + at(i % store.size);
  });
  for (const index of cell) counts[index]!++;
  for (let row = 0; row < positions.length; row++) {
    store.read([positions[row] as number], pixels);
    const into = features.subarray(row * WIDTH, (row + 1) * WIDTH);
    for (let i = 0; i < pixels.length; i++)
      into[3 * (cell[Math.floor(i / 3)] as number) + (i % 3)]! += pixels[i] as number;
    for (let i = 0; i < WIDTH; i++) into[i]! /= Math.max(1, counts[Math.floor(i / 3)] as number);
  }
  return features;
}

/**
 * Projects tiles onto the two directions in which their colour grids differ most.
 * @returns `explained`: shares of the variance along x and y, 0 to 1
 */
export function projectTiles(store: PixelStore, positions: ArrayLike<number>) {
  const n = positions.length;
  const grids = colourGrids(store, positions);
  const mean = Float64Array.from({ length: WIDTH }, (_, j) => {
    let sum = 0;
    for (let at = j; at < grids.length; at += WIDTH) sum += grids[at] as number;
    return sum / n;
  });
  const rows = Array.from({ length: n }, (_, row) =>
    grids.subarray(row * WIDTH, (row + 1) * WIDTH).map((value, j) => value - (mean[j] as number)),
  );
  const scatter = new Float64Array(WIDTH * WIDTH);
  for (const row of rows) {
    for (let i = 0; i < WIDTH; i++) {
      for (let j = 0; j < WIDTH; j++) scatter[i * WIDTH + j]! += (row[i] as number) * (row[j] as number);
    }
  }
  const { values, vectors } = symmetricEigen(scatter, WIDTH);
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const share = (k: number) => (total > 0 ? Math.max(0, values[k] as number) / total : 0);
  const along = (k: number) => {
    const axis = vectors.subarray(k * WIDTH, (k + 1) * WIDTH);
    return Float64Array.from(rows, (row) => row.reduce((sum, value, j) => sum + value * (axis[j] as number), 0));
  };
  return { x: along(0), y: along(1), explained: [share(0), share(1)] as const };
}
