import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, matrixOf, scaleColumns, scaleRows, weightedRowSum } from "../../src/onnx/matrix";
import { symmetricEigen } from "../../src/onnx/symmetric-eigen";
import { Random } from "../../src/random/index";

test("rows and columns are scaled, rows are summed with periodic weights", async () => {
  const matrix = matrixOf(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4, 2);
  assert.deepEqual([...(await collect(scaleRows(matrix, [1, 10])))], [1, 2, 30, 40, 5, 6, 70, 80]);
  assert.deepEqual([...(await collect(scaleColumns(matrix, [1, -1])))], [1, -2, 3, -4, 5, -6, 7, -8]);
  assert.deepEqual([...(await weightedRowSum(matrix, [1, 0]))], [6, 8]);
  assert.deepEqual([...(await collect(matrix))], [1, 2, 3, 4, 5, 6, 7, 8], "the source stays as it was");
});

test("eigenvectors of a symmetric matrix are orthonormal and satisfy A v = lambda v, largest first", () => {
  for (const n of [1, 2, 7, 40]) {
    const random = new Random(n);
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.normal();
    const { values, vectors } = symmetricEigen(a, n);
    for (let k = 0; k < n; k++) {
      if (k > 0) assert.ok(values[k]! <= values[k - 1]!);
      for (let i = 0; i < n; i++) {
        let [product, inner] = [0, 0];
        for (let j = 0; j < n; j++) {
          product += a[i * n + j]! * vectors[k * n + j]!;
          inner += vectors[i * n + j]! * vectors[k * n + j]!;
        }
        assert.ok(Math.abs(product - values[k]! * vectors[k * n + i]!) < 1e-12);
        assert.ok(Math.abs(inner - (i === k ? 1 : 0)) < 1e-12);
      }
    }
  }
});

test("equal eigenvalues and a diagonal matrix are no special case", () => {
  const { values } = symmetricEigen([2, 0, 0, 0, 5, 0, 0, 0, 2], 3);
  assert.deepEqual([...values], [5, 2, 2]);
});
