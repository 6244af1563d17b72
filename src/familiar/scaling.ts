/** @module Scales features to mean 0 and variance 1. */
export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Means by column. */
export function meanOf(rows: readonly ArrayLike<number>[], width: number): Float64Array {
  const sums = new Float64Array(width);
  for (const row of rows) for (let j = 0; j < width; j++) sums[j]! += row[j]!;
  return sums.map((sum) => sum / rows.length);
}

/** `(value - shift) * scale` by column. */
export interface Scaling {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

/** The scaling that gives rows mean 0 and variance 1. @param smallest lower limit of a column's deviation */
export function scalingOf(rows: readonly ArrayLike<number>[], smallest: number): Scaling {
  const shift = [...meanOf(rows, rows[0]?.length ?? 0)];
  const scale = shift.map((m, j) => 1 / Math.max(Math.sqrt(mean(rows.map((row) => (row[j]! - m) ** 2))), smallest));
  return { shift, scale };
}

export function scaled(row: ArrayLike<number>, { shift, scale }: Scaling): Float64Array {
  return Float64Array.from(shift, (m, j) => (row[j]! - m) * scale[j]!);
}
