import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/random/index";
import { leadingDirections } from "../../src/training/leading-directions";
import { rowCoordinates } from "../../src/training/row-coordinates";

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => value * b[i]!).reduce((x, y) => x + y);

/** Rows that vary along the axes, along axis j with the standard deviation 1 / (j + 1). */
function rowsAlongAxes(rows: number, k: number): Float64Array {
  const random = new Random(3);
  return Float64Array.from({ length: rows * k }, (_, i) => random.normal() / ((i % k) + 1));
}

test("the leading directions are those along which rows vary most, with their squared lengths", () => {
  const [rows, k] = [400, 60];
  const { vectors, squares } = leadingDirections(rowsAlongAxes(rows, k), rows);
  assert.equal(vectors.length, squares.length * k);
  for (let a = 0; a < 3; a++) {
    const own = vectors.subarray(a * k, (a + 1) * k);
    assert.ok(Math.abs(own[a]!) > 0.95, `direction ${a}: ${own[a]}`);
    const expected = rows / (a + 1) ** 2;
    assert.ok(Math.abs(squares[a]! / expected - 1) < 0.2, `${squares[a]} for ${expected}`);
    for (let b = 0; b <= a; b++) {
      const product = dot(own, vectors.subarray(b * k, (b + 1) * k));
      assert.ok(Math.abs(product - (a === b ? 1 : 0)) < 1e-9, `directions ${a} and ${b}: ${product}`);
    }
  }
});

test("coordinates keep scalar products, and their weights give the columns' products, also of equal and empty rows", () => {
  const [rows, k] = [12, 30];
  const x = rowsAlongAxes(rows, k);
  x.copyWithin(5 * k, 2 * k, 3 * k);
  x.fill(0, 7 * k, 8 * k);
  const { values, expand } = rowCoordinates(x, rows);
  const row = (i: number) => x.subarray(i * k, (i + 1) * k);
  const coordinates = (i: number) => values.subarray(i * rows, (i + 1) * rows);
  // A weight of a coordinate that no row has changes nothing.
  const random = new Random(8);
  const weights = Float64Array.from({ length: rows }, (_, j) => (j === 5 || j === 7 ? 0 : random.normal()));
  const expanded = expand(weights);
  for (let i = 0; i < rows; i++) {
    for (let b = 0; b < rows; b++) {
      assert.ok(Math.abs(dot(coordinates(i), coordinates(b)) - dot(row(i), row(b))) < 1e-9, `rows ${i} and ${b}`);
    }
    assert.ok(Math.abs(dot(expanded, row(i)) - dot(weights, coordinates(i))) < 1e-8, `row ${i}`);
  }
});
