/** @module The numbers that a head sees: features of one or several backbones, and colour beside them, view by view. */
import type { Backbone } from "../../backbones/index";
import type { Partition } from "../../dataset/index";
import type { ColourMeasures } from "../colour-measures";
import type { TrainingData } from "../data";
import { type FeatureScaling, fitScaling, scaled } from "../feature-scaling";
import type { Embeddings } from "./embeddings";

/** A backbone, what it gave, and how that is scaled. */
export interface BackboneFeatures {
  readonly backbone: Backbone;
  readonly embeddings: Embeddings;
  readonly scaling: FeatureScaling;
}

/** Adds the scaling that the training tiles want; by the mean of the views, which is what the answer is made of. */
export function withScaling(backbone: Backbone, embeddings: Embeddings, data: TrainingData): BackboneFeatures {
  const { views, width } = embeddings;
  const rows = views.map((values) => rowsAt(values, width, data.positions.train));
  return { backbone, embeddings, scaling: fitScaling(meanOf(rows), width) };
}

/** Of each view the scaled columns [n, width] of a partition's tiles. */
export function columnsOf(
  parts: readonly BackboneFeatures[],
  colour: ColourMeasures | undefined,
  data: TrainingData,
  partition: Partition,
): { readonly width: number; readonly views: Float32Array[] } {
  const positions = data.positions[partition];
  const count = parts[0]?.embeddings.views.length ?? 0;
  const views = Array.from({ length: count }, (_, view) => {
    const blocks = parts.map(({ embeddings, scaling }) =>
      scaled(rowsAt(embeddings.views[view] as Float32Array, embeddings.width, positions), scaling),
    );
    return sideBySide(colour ? [...blocks, colour.values[partition]] : blocks, positions.length);
  });
  const width = parts.reduce((sum, { embeddings }) => sum + embeddings.width, colour?.width ?? 0);
  return { width, views };
}

/** Element by element. */
export function meanOf(arrays: readonly Float32Array[]): Float32Array {
  const [first, ...rest] = arrays as [Float32Array, ...Float32Array[]];
  if (rest.length === 0) return first;
  return first.map((value, i) => rest.reduce((sum, other) => sum + (other[i] as number), value) / arrays.length);
}

/** Rows of several arrays in turn: all of the first tile, all of the second, ... */
export function interleaved(arrays: readonly Float32Array[], width: number): Float32Array {
  const [first] = arrays as [Float32Array];
  const result = new Float32Array(first.length * arrays.length);
  arrays.forEach((values, at) => {
    for (let row = 0; row * width < values.length; row++) {
      result.set(values.subarray(row * width, (row + 1) * width), (row * arrays.length + at) * width);
    }
  });
  return result;
}

function rowsAt(values: Float32Array, width: number, positions: Uint32Array): Float32Array {
  const own = new Float32Array(positions.length * width);
  positions.forEach((at, i) => {
    own.set(values.subarray(at * width, (at + 1) * width), i * width);
  });
  return own;
}

function sideBySide(blocks: readonly Float32Array[], count: number): Float32Array {
  if (blocks.length === 1) return blocks[0] as Float32Array;
  const width = blocks.reduce((sum, block) => sum + block.length, 0) / count;
  const whole = new Float32Array(count * width);
  let column = 0;
  for (const block of blocks) {
    const own = block.length / count;
    for (let row = 0; row < count; row++) {
      whole.set(block.subarray(row * own, (row + 1) * own), row * width + column);
    }
    column += own;
  }
  return whole;
}
