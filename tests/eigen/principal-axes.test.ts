import assert from "node:assert/strict";
import { test } from "node:test";
import { principalAxes } from "../../src/eigen/index";
import { Random } from "../../src/random/index";

/** Rows that vary more in their first columns. */
function drawn(count: number, width: number): Float64Array[] {
  const random = new Random(count, "rows");
  return Array.from({ length: count }, () => Float64Array.from({ length: width }, (_, j) => random.normal() / (1 + j)));
}

/** Largest element of X'X v / n - lambda v, and the largest product of two axes less that of unit vectors. */
function errorsOf(rows: readonly Float64Array[], count: number) {
  const { values, vectors } = principalAxes(rows, count);
  const width = rows[0]!.length;
  const axes = Array.from({ length: count }, (_, k) => vectors.subarray(k * width, (k + 1) * width));
  const product = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, j) => sum + value * b[j]!, 0);
  let [pair, unit] = [0, 0];
  for (const [k, axis] of axes.entries()) {
    const image = new Float64Array(width);
    for (const row of rows) for (let j = 0; j < width; j++) image[j]! += (product(row, axis) * row[j]!) / rows.length;
    pair = Math.max(pair, ...image.map((value, j) => Math.abs(value - values[k]! * axis[j]!)));
    for (const [other, second] of axes.entries()) {
      unit = Math.max(unit, Math.abs(product(axis, second) - Number(k === other)));
    }
  }
  return { values: [...values.slice(0, count)], pair, unit };
}

test("axes are orthonormal eigenvectors of the rows' products, longest first, of few rows and of many", () => {
  for (const [count, width, wanted] of [
    [9, 24, 4],
    [40, 12, 12],
    [12, 12, 5],
    [2, 30, 1],
  ] as const) {
    const { values, pair, unit } = errorsOf(drawn(count, width), wanted);
    assert.deepEqual(
      values,
      [...values].sort((a, b) => b - a),
    );
    assert.ok(pair < 1e-12 && unit < 1e-12, `${count} rows of ${width}: ${pair}, ${unit}`);
  }
});

test("axes along which no row reaches are axes all the same", () => {
  for (const rows of [
    Array.from({ length: 9 }, () => Float64Array.from([3, 4, ...new Array(18).fill(0)])),
    Array.from({ length: 9 }, () => new Float64Array(20)),
  ]) {
    const { values, pair, unit } = errorsOf(rows, 3);
    assert.ok(Math.abs(values[0]! - rows[0]!.reduce((sum, value) => sum + value ** 2, 0)) < 1e-12);
    assert.ok(pair < 1e-12 && unit < 1e-12, `${pair}, ${unit}`);
  }
});
