import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, matrixOf, scaleColumns, scaleRows, weightedRowSum } from "../../src/conversion/matrix";

test("rows and columns are scaled, rows are summed with periodic weights", async () => {
  const matrix = matrixOf(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4, 2);
  assert.deepEqual([...(await collect(scaleRows(matrix, [1, 10])))], [1, 2, 30, 40, 5, 6, 70, 80]);
  assert.deepEqual([...(await collect(scaleColumns(matrix, [1, -1])))], [1, -2, 3, -4, 5, -6, 7, -8]);
  assert.deepEqual([...(await weightedRowSum(matrix, [1, 0]))], [6, 8]);
  assert.deepEqual([...(await collect(matrix))], [1, 2, 3, 4, 5, 6, 7, 8], "the source stays as it was");
});
