/** @module From a backbone's output to one vector per image. */
import type { Backbone, TokenPooling } from "../../backbones/index";
import { joined } from "../rows";

/** How an output becomes one vector per image: unchanged, or pooled. */
export type Pooling = "none" | TokenPooling;

/** The form of an output, derived from its shape. */
export interface OutputForm {
  /** Number of axes. */
  readonly rank: number;
  readonly pooling: Pooling;
  /** Number of tokens before the patch tokens. */
  readonly prefix: number;
}

/** The form of an output [n, f], tokens [n, t, f] or a map [n, f, h, w]. The largest square number of tokens are patches. */
export function formOf(shape: readonly number[], pool: Backbone["pool"]): OutputForm {
  const rank = shape.length;
  if (rank !== 3) return { rank, pooling: rank === 2 ? "none" : "mean", prefix: 0 };
  const tokens = shape[1] as number;
  const prefix = tokens - Math.floor(Math.sqrt(tokens)) ** 2;
  if (pool !== "auto") return { rank, pooling: pool, prefix };
  return { rank, pooling: prefix === 0 ? "mean" : "first", prefix };
}

/** One vector per image, [n, width] row-major. @param shape of the values */
export function pooled(values: Float32Array, shape: readonly number[], { pooling, prefix }: OutputForm): Float32Array {
  if (pooling === "none") return values;
  const [n, a, b, c = 1] = shape as [number, number, number, number?];
  if (shape.length === 4) {
    const cells = b * c;
    return Float32Array.from({ length: n * a }, (_, i) => meanOf(values, i * cells, cells, 1));
  }
  const means = (from: number) =>
    Float32Array.from({ length: n * b }, (_, i) =>
      meanOf(values, (Math.floor(i / b) * a + from) * b + (i % b), a - from, b),
    );
  if (pooling === "mean") return means(0);
  const first = Array.from({ length: n }, (_, i) => values.subarray(i * a * b, i * a * b + b));
  if (pooling === "first") return joined(first);
  const patches = means(prefix);
  return joined(first.flatMap((row, i) => [row, patches.subarray(i * b, (i + 1) * b)]));
}

function meanOf(values: Float32Array, start: number, count: number, stride: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[start + i * stride] as number;
  return sum / count;
}
