/** @module Measures changes of the first layer's outputs by their effect on the logit. */
import type { MatrixMultiplier } from "../conversion/index";
import { symmetricEigen } from "../eigen/index";
import { transposed } from "./principal-directions";

/** A symmetric positive matrix S. The size of a change e (a row) is |e S|. */
export interface Metric {
  /** rows S, row-major [count, columns]. */
  apply(rows: Float32Array): Promise<Float32Array>;
  /** rows S^-1 */
  applyInverse(rows: Float32Array): Promise<Float32Array>;
}

/** All changes have the same weight. */
export const plainMetric: Metric = { apply: async (rows) => rows, applyInverse: async (rows) => rows };

/**
 * Weight of a change that does not move the logit, as a share of the average. It is not zero because the gradients of a few
 * images do not show all effects.
 */
const FLOOR = 0.1;

/**
 * S^2 = mean of g g' + floor, with g the gradients of the logit for real images: to first order, |e S|^2 is the squared change
 * of the logit. S differs from a multiple of the identity only in the span of the gradients.
 * @param gradients row-major [count, columns], count up to about 1,000
 */
export async function sensitivityMetric(
  gradients: Float32Array,
  columns: number,
  multiplier: MatrixMultiplier,
): Promise<Metric> {
  const count = gradients.length / columns;
  const products = await multiplier.multiply(gradients, transposed(gradients, count, columns), columns);
  const { values, vectors } = symmetricEigen(products, count);
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const floor = (FLOOR * total) / columns;
  if (!(floor > 0)) return plainMetric;
  const rank = values.filter((value) => value > 1e-6 * values[0]!).length;
  const combined = await multiplier.multiply(Float32Array.from(vectors.subarray(0, rank * count)), gradients, count);
  const directions = combined.map((value, i) => value / Math.sqrt(values[Math.floor(i / columns)]!));
  const turned = transposed(directions, rank, columns);
  const scale = Array.from(values.subarray(0, rank), (value) => Math.sqrt(1 + value / floor));
  const stretch = async (rows: Float32Array, factors: readonly number[]) => {
    const inside = await multiplier.multiply(rows, turned, columns);
    const scaled = inside.map((value, i) => value * (factors[i % rank]! - 1));
    const change = await multiplier.multiply(scaled, directions, rank);
    return rows.map((value, i) => value + change[i]!);
  };
  const inverse = scale.map((factor) => 1 / factor);
  return { apply: (rows) => stretch(rows, scale), applyInverse: (rows) => stretch(rows, inverse) };
}
