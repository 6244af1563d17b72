import assert from "node:assert/strict";
import { test } from "node:test";
import { symmetricEigen } from "../../src/eigen/index";
import { Random } from "../../src/random/index";

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
