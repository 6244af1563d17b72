import assert from "node:assert/strict";
import { test } from "node:test";
import { orthonormalize, transposed } from "../../src/eigen/index";

test("a matrix is transposed", () => {
  assert.deepEqual(transposed(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3), Float32Array.of(1, 4, 2, 5, 3, 6));
});

test("rows become orthonormal in their order, and those that depend on others zero", () => {
  const rows = Float64Array.of(0, 3, 0, 4, 1, 0, 8, 8, 0, 1, 1, 2);
  orthonormalize(rows, 3, 1e-9);
  assert.deepEqual([...rows], [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
});
